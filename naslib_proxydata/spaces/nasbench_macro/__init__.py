"""The space of NAS-Bench-Macro."""
