"""Floor 1: decides. Ladders, recipients, events, working days and windows as values; no clock, file, network or chance."""
