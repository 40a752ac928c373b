"""The directory: who holds what, cover, hand-over, leaving."""
