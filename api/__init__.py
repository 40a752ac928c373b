"""Floor 4: turns the outside into (event, now) and shows the result. The only reader of the clock."""
