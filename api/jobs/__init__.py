"""What runs by itself: the heartbeat, and the checkpoints that it takes."""
