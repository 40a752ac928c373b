"""The directory: people, posts, teams, cover and children, loaded from files, looked up, and what follows when it changes."""
