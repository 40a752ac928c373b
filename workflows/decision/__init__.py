"""Decides one event on one challenge: `decide` at its head, each group of events in a file of its own."""
