"""Import runs at work: where bundles wait, who works on a run, and who notices that nobody does."""
