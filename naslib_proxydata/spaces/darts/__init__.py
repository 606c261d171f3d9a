"""The DARTS space, and its restricted variants S1 to S4."""
