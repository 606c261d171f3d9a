"""The spaces of NDS: cells with width and depth, and AnyNet stages."""
