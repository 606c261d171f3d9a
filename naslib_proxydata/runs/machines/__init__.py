"""Other machines as executors: one file for each way to reach them."""
