"""Search spaces: one file each, from text to network."""
