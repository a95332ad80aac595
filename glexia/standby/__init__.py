"""Django's database engine of a copy: where it does not answer, the first database stands in."""
