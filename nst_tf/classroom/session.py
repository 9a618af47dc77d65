"""What has been painted so far, for whoever is watching: picture, costs, snapshots and the time left."""

import statistics
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from nst_tf.images import Source
from nst_tf.options import command_line
from nst_tf.progress import Balance, Costs, Progress
from nst_tf.settings import Settings
from nst_tf.stages import Stage

PICTURE_EVERY = 1.0  # seconds
SNAPSHOTS = 60  # at most this many are kept
RECENT = 5  # evaluations from which the time left is estimated


class Original(NamedTuple):
    """A picture to paint from: what it is called, what to read it from, its path on a command line,
    and how it looks.
    """

    title: str
    source: Source
    path: str
    view: Image.Image


class Job(NamedTuple):
    """What to paint."""

    content: Original
    style: Original
    settings: Settings


class Pace(NamedTuple):
    """How long an evaluation takes on this machine: so many seconds, and so many more for each pixel."""

    seconds: float
    seconds_per_pixel: float

    def of(self, width: float, height: float) -> float:
        """Seconds for an evaluation of a picture of that size."""
        return self.seconds + self.seconds_per_pixel * width * height


class Session:
    """One picture in the making, by one run or by several that continue each other.

    Attributes:
        jobs: its runs' jobs, in order.
        picture: the best so far, at the size of the result and at most a second old;
            None before the first evaluation.
        history: the costs at every step, as ``Result.history``, through all runs.
        snapshots: intermediate pictures, by step, evenly spaced.
        steps: how many steps there are to be in all.
        settings: of the last run, once it has ended, as ``Result.settings``.
        balance: which β and γ each style strength stands for in the last run; None where that is unknown.
    """

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.picture: Image.Image | None = None
        self.history: list[Costs] = []
        self.snapshots: dict[int, Image.Image] = {}
        self.steps = 0
        self.settings: dict | None = None
        self.balance: Balance | None = None
        self._stages: list[Stage] = []  # of the run that is under way, or of the last one
        self._stopped = False
        self._before: Costs | None = None  # the last row of the runs before this one
        self._interval = 1  # of the steps that become snapshots
        self._pictured = 0.0

    def begin_run(self, job: Job) -> None:
        """The next steps belong to this job."""
        self.jobs.append(job)
        self.settings = self.balance = None
        self._before = self.history[-1] if self.history else None
        self.steps = self._steps_before + job.settings.most_steps

    def record(self, progress: Progress) -> None:
        """Record one more step."""
        self._stages, self.balance = progress.stages, progress.balance
        row = progress.costs
        if self._before:
            row = row._replace(step=row.step + self._before.step, seconds=row.seconds + self._before.seconds)
        if (
            progress.costs.step or not self._before
        ):  # a run that goes on starts with the picture that is there already
            self.history.append(row)
        now, is_kept = time.monotonic(), row.step % self._interval == 0
        if is_kept or now - self._pictured >= PICTURE_EVERY:
            picture = progress.picture()
            self.picture, self._pictured = picture, now
            if is_kept:
                self._keep(row.step, picture)

    def end_run(self, picture: Image.Image, settings: dict, stopped: bool = False) -> None:
        """Record how the run ended, and whether it was stopped early."""
        self.picture, self.settings, self._stopped = picture, settings, stopped
        self._keep(self.history[-1].step, picture)

    def seconds_left(self, pace: Pace | None) -> float | None:
        """About how long the steps to come will take; None while that is unknown.

        Args:
            pace: of this machine, which tells how long evaluations at a larger size will take.
        """
        if self.picture is None or not self.history:
            return None
        width, height = self.picture.size
        rows = self.history[-RECENT - 1 :]
        scale = rows[-1].size / max(width, height)
        recent = [b.seconds - a.seconds for a, b in pairwise(rows) if a.size == b.size == rows[-1].size]
        if not (recent or pace):
            return None
        pace = pace or Pace(0, 1)
        slowness = statistics.median(recent) / pace.of(width * scale, height * scale) if recent else 1
        step, seconds = rows[-1].step - self._steps_before, 0.0
        for stage in self._stages:
            scale = stage.size / max(width, height)
            seconds += max(0, stage.last_step - step) * pace.of(width * scale, height * scale)
            step = max(step, stage.last_step)
        return slowness * seconds

    def command(self) -> str:
        """The command that paints it again, or one like it: see ``repeatable``."""
        C, S, _ = self.jobs[-1]
        steps = self.jobs[0].settings.steps if len(self.jobs) == 1 else self.steps
        settings = {**(self.settings or {}), "init": self.jobs[0].settings.init, "steps": steps}
        return command_line(C.path, S.path, settings, f"{self.name}.png")

    @property
    def repeatable(self) -> bool:
        """Whether one command paints the same again: it was one run to its end, with the same α, β and γ."""
        return (
            len(self.jobs) == 1 and not self._stopped and len({row.function[1:] for row in self.history}) == 1
        )

    @property
    def name(self) -> str:
        """A file name for it, without an ending."""
        originals = [self.jobs[0].content, *(job.style for job in self.jobs)]
        stems = dict.fromkeys(Path(original.path).stem for original in originals)
        return "_".join(stems).lstrip("-")  # so that no command takes it for an option

    @property
    def _steps_before(self) -> int:
        return self._before.step if self._before else 0

    def _keep(self, step: int, picture: Image.Image) -> None:
        if len(self.snapshots) >= SNAPSHOTS:
            self._interval *= 2
            self.snapshots = {
                step: kept for step, kept in self.snapshots.items() if step % self._interval == 0
            }
        self.snapshots[step] = picture


def kind_and_text(problem: Exception) -> str:
    """An error in one line."""
    return f"{type(problem).__name__}: {' '.join(str(problem).split())[:200]}"
