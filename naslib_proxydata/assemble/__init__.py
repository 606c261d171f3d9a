"""Where the rooms meet: from a configuration to a finished run folder."""
