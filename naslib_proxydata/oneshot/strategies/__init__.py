"""The strategies that come with the package, one file and one equation block each."""
