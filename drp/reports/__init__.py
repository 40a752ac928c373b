"""Everything that counts: theme tables, response times, what comes back, and the register as a list."""
