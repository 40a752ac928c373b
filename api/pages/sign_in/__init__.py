"""Signing in: by link, by the authority's provider, or in the demonstration by choosing a person."""
