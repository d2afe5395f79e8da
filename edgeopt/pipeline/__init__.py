"""The story of a run: `optimize.optimize` and its steps; `comparing.compare`."""
