"""What became of the ATT&CK IDs in a text from one release to another."""
