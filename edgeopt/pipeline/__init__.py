"""The story: `optimize.optimize` and `bench.bench`. The only room that knows every other."""
