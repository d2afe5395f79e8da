"""Two profiles in, what differs out: pure functions of data."""
