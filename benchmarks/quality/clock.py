"""The time that every contender has for its iterations."""

import time
from collections.abc import Callable


class Clock:
    """Starts with the first evaluation, so that loading, tracing and targets are left out for all.

    Attributes:
        seconds: from the first evaluation to the last.
        evaluations: after the first one.
    """

    def __init__(self, limit: float, now: Callable[[], float] = time.perf_counter):
        self._limit, self._now = limit, now
        self._started: float | None = None
        self.seconds, self.evaluations = 0.0, 0

    def tick(self) -> bool:
        """Call this after each evaluation. It says to stop if half of another one wouldn't fit."""
        if self._started is None:
            self._started = self._now()
            return False
        self.evaluations += 1
        self.seconds = self._now() - self._started
        half_a_step = self.seconds / self.evaluations / 2
        return self.seconds + half_a_step > self._limit
