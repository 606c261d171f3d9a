"""Training a found network: recipes, and the loop that follows one."""
