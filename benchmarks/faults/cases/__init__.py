"""One file a fault: `CASE`, a model and its data with what a run of it must say."""
