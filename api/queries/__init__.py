"""What somebody asks of lists and figures, read from a query string."""
