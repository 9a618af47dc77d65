"""Measurements. Each module is one command."""
