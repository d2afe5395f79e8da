"""Drives runners on devices: answers for scoring, interleaved blocks for timing."""
