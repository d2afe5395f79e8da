"""How good the order of suggestions is (docs/suggestions.md)."""
