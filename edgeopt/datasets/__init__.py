"""Samples, the parts they are divided into, metrics, and scores with their intervals."""
