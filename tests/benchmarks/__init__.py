"""What the issues give budgets for, measured as ratios in one run: `make bench`."""
