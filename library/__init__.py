"""What ATT&CK says: snapshots, objects and relationships, and the pages that show them."""
