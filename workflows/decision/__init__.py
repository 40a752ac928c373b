"""Decides one event on one challenge: `decide` at its head, each group of events in a file of its own.

More rooms than a dozen: each group of events has its own, and so has each thing that all of them use.
"""
