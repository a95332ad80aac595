"""Backups: everything that the product holds in one file, and back into an empty database.

The rows of every table, as PostgreSQL's COPY writes them, and nothing that is executed: the schema
is what the product's own migrations make. So a backup fits every server that the product runs on.
"""
