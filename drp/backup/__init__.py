"""What is kept against the loss of everything else, and how it comes back."""
