"""Readers of annotated data, one file a format: each gives an `Annotated`, or one sentence."""
