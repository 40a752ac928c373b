"""Administration: the outbox, the access log, words, procedures."""
