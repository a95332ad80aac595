"""One object over time: the snapshots that hold it, and what changed from one to another."""
