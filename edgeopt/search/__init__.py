"""Which recipes apply, which is chosen: pure functions of profiles and records."""
