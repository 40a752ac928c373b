"""The bank holidays of England and Wales: a dated list, and the rule for the years after it."""
