"""Galleries: every photograph in the manner of every painting, with every value of a sweep, on one page."""
