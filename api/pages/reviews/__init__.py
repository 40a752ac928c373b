"""Between the reviews: a child's reviews and what they decided, typed in a minute; what is followed, and made a challenge."""
