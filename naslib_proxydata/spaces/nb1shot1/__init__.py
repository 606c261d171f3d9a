"""The three search spaces of NAS-Bench-1Shot1, parts of NAS-Bench-101."""
