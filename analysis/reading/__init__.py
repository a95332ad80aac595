"""Takes beyond the pages of their objects: the list of them, the release brief, files."""
