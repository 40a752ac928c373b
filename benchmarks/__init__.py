"""What is slow is measured, as ratios in one run; nothing here is part of the service."""
