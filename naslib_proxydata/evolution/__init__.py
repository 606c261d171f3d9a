"""Discrete search: optimizers propose, a predictor or true queries say how fit each is."""
