"""What each page shows, as dataclasses that templates read without a query."""
