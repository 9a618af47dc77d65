"""How good the pictures are that each contender paints in the same time: ``python -m benchmarks.quality``."""
