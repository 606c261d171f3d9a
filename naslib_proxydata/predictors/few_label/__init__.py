"""Regression on a few labelled architectures."""
