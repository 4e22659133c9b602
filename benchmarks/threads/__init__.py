"""Whether many jobs of one thread each get into each other's way."""
