"""Images and datasets that give the sample index."""
