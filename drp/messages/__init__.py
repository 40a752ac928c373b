"""What was sent to whom, and how it stands: the inbox, copies and their delivery, sending that is paused."""
