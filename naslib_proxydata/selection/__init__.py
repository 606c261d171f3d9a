"""Which examples a search trains on: scorers and selectors."""
