"""What a document is: accepted by its bytes, never by its name. Pure."""
