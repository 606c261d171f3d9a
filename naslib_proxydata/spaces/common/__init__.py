"""What the networks and the counts of several spaces share."""
