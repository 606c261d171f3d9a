"""Discrete search over a space with a predictor."""
