"""Supernets, differentiable strategies and the loop that fires the hooks."""
