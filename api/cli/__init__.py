"""The command line: light to start; each command imports what it needs when it runs."""
