"""The nouns: frozen, validated, without I/O."""
