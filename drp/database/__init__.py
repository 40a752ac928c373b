"""The engine, every table, identities and migrations: everything that migrating needs, and nothing else."""
