"""The commands of the analysis app."""
