"""The IRO service's board."""
