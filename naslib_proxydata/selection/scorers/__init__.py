"""Scorers: they look at images and models, and give each example a number or a vector."""
