"""Which examples a running search drops: arrays in, masks out."""
