"""The project: settings, addresses, the embedded PostgreSQL, and how it is all started."""
