"""Documents that people attach: which kinds are taken, told from what is in them and never from their names."""
