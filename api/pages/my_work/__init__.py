"""What one person comes for: my tasks, the inbox, search, teams."""
