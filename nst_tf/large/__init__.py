"""Pictures larger than the memory: in tiles, with what waits for its turn on the disk."""
