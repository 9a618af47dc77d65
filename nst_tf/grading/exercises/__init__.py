"""The exercises, a file each: what is right, what it is tried on, and what learners do instead."""
