"""Commands for those who work on the package. Nothing here is installed."""
