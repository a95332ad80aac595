"""Takes as files: one YAML file an object, which carries its Take with all its history."""
