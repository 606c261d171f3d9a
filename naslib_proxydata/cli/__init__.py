"""The command line: commands that only assemble."""
