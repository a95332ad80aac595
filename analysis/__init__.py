"""What Glexia says about ATT&CK: the Takes."""
