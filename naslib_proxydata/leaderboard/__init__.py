"""Evaluating predictors on tables: executor, store, report, plots."""
