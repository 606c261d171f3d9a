"""Scoring an architecture before it is trained."""
