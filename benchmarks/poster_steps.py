"""How many steps the largest size needs: ``python -m benchmarks.poster_steps [SIZE …]``.

A picture is painted at half of the size with the steps that it needs there, and carried up. Printed is by how
much J, at the full size, is above that of the last of many steps, after fewer of them.
"""

import sys

from benchmarks.cases import IMAGES
from nst_tf import stages as schedule
from nst_tf import stylize
from nst_tf.stages import Stage, stages

CONTENT, STYLE = IMAGES / "content/neuschwanstein.jpg", IMAGES / "style/great_wave.jpg"
BELOW, MOST = 150, 60  # steps
SHOWN = (0, 3, 5, 10, 15, 20, 30, 40)


def excess(size: int) -> dict[int, float]:
    """(J − J_last) / J_last, after so many steps at the full size."""

    def planned(_: int, *how: object) -> list[Stage]:
        below = stages(size // 2, *how[:2], BELOW, True)
        return [*below, Stage(size, BELOW + MOST)]

    schedule.stages = planned
    history = stylize(CONTENT, STYLE, size=size, steps=BELOW + MOST, progress=False).history
    J = [row.J for row in history if row.size == size]
    best = [min(J[: step + 1]) for step in range(len(J))]
    return {step: best[step] / best[-1] - 1 for step in SHOWN}


if __name__ == "__main__":
    for size in map(int, sys.argv[1:] or ["1024", "2048"]):
        print(
            f"{size}:", ", ".join(f"{step}: {above:.1%}" for step, above in excess(size).items()), flush=True
        )
