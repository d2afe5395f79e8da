"""Models of the tasks, each fetched from a package or trained, with data as users bring it."""
