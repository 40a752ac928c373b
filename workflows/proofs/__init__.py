"""Shows what ladders keep: plays them, checks them, draws them, and decides recorded timelines again."""
