"""The importer's commands."""
