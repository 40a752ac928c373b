"""One item: its page, its moves, the answer, its documents, its letter to the child."""
