"""ATT&CK's prose as safe HTML: Markdown, citations, links to other objects."""
