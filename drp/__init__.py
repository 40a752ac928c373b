"""Floor 2: remembers. Tables, one transaction per decision, directory, identity, access. Never imports the floors above."""
