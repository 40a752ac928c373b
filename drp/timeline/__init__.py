"""The timeline: its chain of keyed hashes, and reading it back."""
