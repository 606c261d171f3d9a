"""Pages of HTML that need no network: tables that sort, figures that tell, and nothing to load."""
