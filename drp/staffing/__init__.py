"""Cover, hand-over and leaving, and what follows from them for open items."""
