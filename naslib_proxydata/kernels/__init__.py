"""Inner loops in C, compiled where there is a compiler; everything works without them."""
