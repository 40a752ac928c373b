"""The engine, every table, identities and migrations: everything that migrating needs, and nothing else.

More rooms than a dozen: tables stand by subject.
"""
