"""Broken and odd inputs, made from a seed: each is refused in one sentence, or does its work."""
