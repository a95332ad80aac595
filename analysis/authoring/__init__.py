"""Where Takes are written, reviewed and kept current: pages of the admin site."""
