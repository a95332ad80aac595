"""The import console: pages of the admin site on which releases come in, go live and go."""
