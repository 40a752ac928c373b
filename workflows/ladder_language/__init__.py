"""Reads ladder and authority files: strict YAML, schema, phrases, meaning, and every fault at once."""
