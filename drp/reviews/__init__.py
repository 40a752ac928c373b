"""Between the reviews: what each review of a child decided, which of it is followed, and the IRO's own next steps."""
