"""The management commands of accounts."""
