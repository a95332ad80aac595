"""What people take away: the library's pages as JSON, CSV, XLSX, STIX and Navigator layers."""
