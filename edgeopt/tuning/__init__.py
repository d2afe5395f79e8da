"""Models and settings chosen by what was measured on the target, and what other searches ask."""
