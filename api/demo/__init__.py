"""The demonstration: four authorities as invented people, and as many invented items as every state of every ladder needs."""
