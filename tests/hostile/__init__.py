"""What nobody should send, for every place that takes anything."""
