"""What every command needs: the run folder, the score store, executors, the environment."""
