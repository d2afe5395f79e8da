"""`bench` and its modes, `explain` and `doctor`: what is there is timed and explained."""
