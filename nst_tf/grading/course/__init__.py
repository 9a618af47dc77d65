"""A class is graded here: what was handed in is read, tried in processes of their own, and judged."""
