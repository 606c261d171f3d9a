"""What every method that learns from labelled architectures asks of its labels."""

from __future__ import annotations

FEWEST_LABELS = 3
"""Fewer labelled architectures tell a regression nothing, and correlate by -1, 0 or 1 only."""
