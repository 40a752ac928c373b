"""Subject access: everything that is held about one child, with marks for whoever decides what may be released."""
