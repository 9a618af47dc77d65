"""How many steps of ``stylize`` fit into a time, so that every stage gets its share of it."""

import itertools
import statistics
from collections.abc import Callable

from nst_tf.progress import Costs, Progress, Result
from nst_tf.stages import Stage

WARM_UP = 3  # evaluations at the full size, where nothing is known yet
TRIED = 1000  # steps of the plan from which the shares are read


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
            seconds: that it has.
            run: ``stylize`` with all but ``steps`` and ``callback``.
        """
        plan = self._plan(run)
        full_size = plan[-1].size
        if full_size not in self._seconds:
            warm_up = run(steps=WARM_UP, coarse_to_fine=False, callback=None)
            self.learn(warm_up.history)
        return max(1, int(seconds / self.seconds_a_step(plan)))

    def seconds_a_step(self, plan: list[Stage]) -> float:
        """On average over a plan of stages; at a size that never ran, in proportion to the pixels."""
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
