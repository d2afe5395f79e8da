"""The commands that the documentation names: which are run, where, and why others are not."""
