"""Eproxy: ten steps of regression on a fixed synthetic target."""
