"""The files by which a device is asked what it can do at most: one network, for each runtime."""
