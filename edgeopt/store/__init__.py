"""What was made and found: files that appear whole or not at all, and the run's journal."""
