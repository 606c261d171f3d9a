"""Discrete search with a predictor and true queries."""
