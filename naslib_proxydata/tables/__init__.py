"""Benchmark tables: official files in, measured values out."""
