"""One file per link to a machine that can be reached now."""
