"""How many steps of ``stylize`` fit into a time, so that every stage gets its share of it."""

import itertools
import statistics
from collections.abc import Callable

from nst_tf.progress import Costs, Progress, Result
from nst_tf.stages import Stage

WARM_UP = 3  # evaluations at full size, if there is no timing yet
TRIED = 1000  # steps of a plan that shows each stage's share


class Pace:
    """Knows the seconds that an evaluation takes at each size, from the runs so far."""

    def __init__(self):
        self._seconds: dict[int, float] = {}

    def learn(self, history: list[Costs]) -> None:
        """From a run's history: at each size the median time from one evaluation to the next."""
        for size in {costs.size for costs in history}:
            at = [costs.seconds for costs in history if costs.size == size]
            if len(at) > 2:
                each = [after - before for before, after in itertools.pairwise(at)]
                self._seconds[size] = statistics.median(each)

    def steps_in(self, seconds: float, run: Callable[..., Result]) -> int:
        """How many steps a run may take.

        Args:
            seconds: how long the run may take.
            run: ``stylize`` with all but ``steps`` and ``callback``.
        """
        plan = self._plan(run)
        full_size = plan[-1].size
        if full_size not in self._seconds:
            warm_up = run(steps=WARM_UP, coarse_to_fine=False, callback=None)
            self.learn(warm_up.history)
        return max(1, int(seconds / self.seconds_a_step(plan)))

    def seconds_a_step(self, plan: list[Stage]) -> float:
        """Average seconds a step of a plan. A size that never ran is estimated from its number of pixels."""
        full_size, first, total = plan[-1].size, 0, 0.0
        for stage in plan:
            pixels = (stage.size / full_size) ** 2
            each = self._seconds.get(stage.size, pixels * self._seconds[full_size])
            total += each * (stage.last_step + 1 - first)
            first = stage.last_step + 1
        return total / first

    @staticmethod
    def _plan(run: Callable[..., Result]) -> list[Stage]:
        plans = []

        def stop(progress: Progress) -> bool:
            plans.append(progress.stages)
            return True

        run(steps=TRIED, callback=stop)
        return plans[0]
