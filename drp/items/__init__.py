"""What people do with items beside deciding on them: find, list, draft, attach."""
