"""Raising a challenge, step by step; early discussions and notices."""
