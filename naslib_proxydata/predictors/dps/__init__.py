"""DPS: the search for the settings of Eproxy that rank a few labels best."""
