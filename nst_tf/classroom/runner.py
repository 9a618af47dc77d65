"""A run in the background: a thread paints, and the interface looks at the picture when it likes."""

import dataclasses
import functools
import threading
import time
from collections.abc import Callable
from typing import Any

from nst_tf.classroom.session import Job, Pace, Session, kind_and_text
from nst_tf.decoding import ImageError
from nst_tf.inputs import load_inputs
from nst_tf.progress import CostWeights, Ending, Progress
from nst_tf.settings import SettingsError
from nst_tf.weights import WeightsError

# Seconds that new weights have to stay the same, so that dragging a slider restarts the optimizer only once.
RESTED = 0.5
TRIAL_SIZES = (100, 300)  # pixels: an evaluation at both tells how long others will take
ANY_WEIGHTS: dict[str, Any] = {"style_strength": None, "beta": 1.0}  # the time doesn't depend on them


class Runner:
    """Paints one job at a time, in a thread of its own.

    Args:
        is_watched: asked at every step; the run stops when it answers False.

    Attributes:
        session: the last one that has a picture, under way or ended.
        status: one line for whoever is watching: what is being done, or what went wrong.
        failed: whether ``status`` says what went wrong.
        begun: whether the job under way, or the last one, has come to its first evaluation.
        pace: how long evaluations take on this machine; None until ``prepare`` has found out.
    """

    def __init__(self, is_watched: Callable[[], bool] = lambda: True):
        self.session = Session()
        self.status = ""
        self.failed = False
        self.pace: Pace | None = None
        self._is_watched = is_watched
        self._running = threading.Lock()
        self._preparing = threading.Lock()
        self._stop = False
        self.begun = False
        self._set: tuple[float, float] | None = None  # a strength, and when: while the job was under way

    @property
    def running(self) -> bool:
        """Whether a job is under way."""
        return self._running.locked()

    @property
    def stopping(self) -> bool:
        """Whether the job under way ends after this evaluation."""
        return self.running and self._stop

    def prepare(self, job: Job) -> None:
        """Load the network and measure the pace with a job's pictures,
        so that a first start need not wait for it.
        """
        self._preparing.acquire()  # before a job can

        def work() -> None:
            try:
                self._explained(self._prepare, job)
            finally:
                self._preparing.release()

        threading.Thread(target=work, daemon=True).start()

    def start(self, job: Job) -> bool:
        """Begin a new painting; False if one is under way."""
        return self._begin(job, Session())

    def resume(self, job: Job) -> bool:
        """Go on from the picture as it is; False if a job is under way or there is no picture."""
        picture = self.session.picture
        if picture is None:
            return False
        return self._begin(
            job._replace(settings=dataclasses.replace(job.settings, init=picture)), self.session
        )

    def stop(self) -> None:
        """End the job under way after this evaluation."""
        self._stop = True

    def reweigh(self, style_strength: float) -> None:
        """Another strength of the style for the job under way, once it has stayed the same for a moment."""
        self._set = style_strength, time.monotonic()

    def fail(self, sentence: str) -> None:
        """Say what went wrong."""
        self.failed, self.status = True, sentence

    def _begin(self, job: Job, session: Session) -> bool:
        if not self._running.acquire(blocking=False):
            return False
        self._stop, self.begun = False, False
        self._say("Starting…")
        self._set = None

        def work() -> None:
            try:
                self._explained(self._paint, job, session)
            finally:
                self._running.release()

        threading.Thread(target=work, daemon=True).start()
        return True

    # ------------------------------------------------------------------------------ in the thread

    def _explained(self, work: Callable, *arguments: object) -> None:
        """Do the work; what goes wrong becomes the status, in one sentence."""
        try:
            work(*arguments)
        except (ImageError, SettingsError) as problem:
            self.fail(str(problem))
        except WeightsError as problem:
            self.fail(
                f"{str(problem).splitlines()[0]} In a terminal, python -m nst_tf weights says what to do."
            )
        except MemoryError:
            self.fail("There is not enough memory: use a smaller size.")
        except Exception as problem:  # whatever it is, the page goes on
            self.fail(f"The run failed ({kind_and_text(problem)}): start again.")

    def _say(self, line: str) -> None:
        self.failed, self.status = False, line

    def _prepare(self, job: Job) -> None:
        self._say("Loading TensorFlow and VGG-19…")
        from nst_tf.objective import Objective
        from nst_tf.precision import fastest_precision, seconds_of
        from nst_tf.vgg import load_vgg19

        vgg = load_vgg19(job.settings.weights, precision=fastest_precision()[0], say=self._say)
        self._say("Measuring how fast this machine is…")
        seconds, pixels = [], []
        for size in TRIAL_SIZES:
            settings = dataclasses.replace(job.settings, size=size)
            inputs = load_inputs(job.content.source, job.style.source, settings)
            weighed = dataclasses.replace(settings, **ANY_WEIGHTS)
            objective = Objective(vgg, inputs.C, inputs.regions, weighed)
            seconds.append(min(seconds_of(functools.partial(objective, inputs.G)) for _ in range(3)))
            pixels.append(inputs.G.shape[1] * inputs.G.shape[2])
        per_pixel = max(0.0, (seconds[1] - seconds[0]) / (pixels[1] - pixels[0]))
        self.pace = Pace(max(0.0, seconds[0] - per_pixel * pixels[0]), per_pixel)
        self._say("Ready: press Start")

    def _paint(self, job: Job, session: Session) -> None:
        with self._preparing:  # so that the network is loaded once
            pass
        if self._stop or not self._is_watched():
            self._say("Stopped before the first step")
            return
        self._say("Loading the pictures…")
        from nst_tf.transfer import stylize  # with TensorFlow, which takes seconds to load

        def look_on(progress: Progress) -> bool | CostWeights | None:
            if not self.begun:  # until now, the job could have failed and left the session as it was
                session.begin_run(job)
                self._say("Painting")
            session.record(progress)
            self.session, self.begun = session, True
            if self._stop or not self._is_watched():
                return True
            return self._other_weights(job, progress)

        C, S, settings = job
        result = stylize(C.source, S.source, **vars(settings), callback=look_on, progress=False)
        done = result.ending.is_regular
        session.end_run(result.image, result.settings, stopped=not done)
        self._say(self._told(result.ending))

    def _other_weights(self, job: Job, progress: Progress) -> CostWeights | None:
        """Those for a strength that was set during the job and has rested."""
        if self._set is None or progress.balance is None:
            return None
        strength, when = self._set
        if time.monotonic() - when < RESTED:
            return None
        alpha, beta, gamma = progress.balance.weights(strength, progress.costs.alpha)
        return CostWeights(alpha, beta, gamma if job.settings.gamma is None else None)

    def _told(self, ending: Ending) -> str:
        if self._stop:
            return "Stopped"
        if not self._is_watched():
            return "Stopped, as the page did not answer"
        return "Done" if ending.is_regular else f"Stopped: {ending.value}"
