"""The time that every contender has for its iterations."""

import time


class Clock:
    """Starts with the first evaluation, so that loading, tracing and targets are left out for all."""

    def __init__(self, seconds: float):
        self._limit = seconds
        self._started: float | None = None
        self.evaluations = 0

    @property
    def seconds(self) -> float:
        """Since the first evaluation was done."""
        return 0.0 if self._started is None else time.perf_counter() - self._started

    def tick(self) -> bool:
        """Called after each evaluation: whether to stop, as half of another one would be too late."""
        if self._started is None:
            self._started = time.perf_counter()
            return False
        self.evaluations += 1
        half_a_step = self.seconds / self.evaluations / 2
        return self.seconds + half_a_step > self._limit
