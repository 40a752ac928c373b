"""The directory: people, posts, teams, cover and children, loaded from files, looked up, and what follows when it changes.

One room more than a dozen: each table of the directory's files has its reading, its checks and its words apart.
"""
