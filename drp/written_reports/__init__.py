"""Reports: made on a schedule or when they are asked for, edited and released by the IRO manager, kept as they were released."""
