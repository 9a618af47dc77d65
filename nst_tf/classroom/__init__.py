"""The classroom demo: a page on which one watches the picture appear, and the server that serves it."""
