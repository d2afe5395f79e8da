"""The story: `optimize.optimize` and `context.context`. The only room that knows every other."""
