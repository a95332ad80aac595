"""Takes built by rules from one release alone, for objects that no analyst has written about."""
