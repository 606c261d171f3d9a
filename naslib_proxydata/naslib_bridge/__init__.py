"""NASLib's trainer, predictors and graphs on one side, the hooks on the other."""
