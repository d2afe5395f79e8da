"""The steps of a run, one a file: `pipeline/optimize.py` has their order."""
