"""The path of a decision: a request or a tick is loaded, decided, resolved to people and saved, in one transaction."""
