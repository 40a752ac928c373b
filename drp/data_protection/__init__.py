"""What is kept of a child and for how long, who read it, who changed what."""
