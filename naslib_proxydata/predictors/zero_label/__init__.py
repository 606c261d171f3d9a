"""Ranking without labels in every space, by size, features and structure."""
