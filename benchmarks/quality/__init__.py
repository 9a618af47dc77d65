"""Compares the pictures that all contenders paint in the same time: ``python -m benchmarks.quality``."""
