"""What the demo shows of a painting: the picture, how far it is, its curves,
and afterwards its snapshots and files.
"""

import html
import io
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module

import ipywidgets as w
from PIL import Image

from nst_tf.classroom.controls import noted, two_digits
from nst_tf.classroom.picker import encoded
from nst_tf.classroom.runner import Runner
from nst_tf.classroom.session import PICTURE_EVERY, Original, Session
from nst_tf.classroom.widgets import Pulse, Stage
from nst_tf.images import gif_options
from nst_tf.palette import LIGHT, variable

PNG, GIF, COMMAND = "PNG picture", "GIF timelapse", "Command line"
ALIKE = "One like it, as it was stopped, continued or had several β/α:"
GIF_SIZE = 640  # pixels: a larger timelapse is too much to send


class View:
    """Looks at a runner, and keeps the page up to date.

    Args:
        runner: which paints.
        pulse: which sends the downloads.
        explained: does what a button asks for, and tells in a sentence what goes wrong.

    Attributes:
        picture: the widgets of the picture, and of what one can do with it afterwards.
        status: where the run is.
        curves: J and its terms.
    """

    def __init__(self, runner: Runner, pulse: Pulse, explained: Callable[[Callable], None]):
        self._runner, self._pulse = runner, pulse
        self._session = Session()  # the one that is shown
        self._rows = 0  # of its history that are shown
        self._at = 0.0  # when that was
        self._over = True  # whether that was its end
        self._clean = True  # whether the page waits for the first picture of a painting
        self._gif: tuple[str, Future] | None = None  # that is being made: its name and what will be in it
        self._stage = Stage()
        self.status, self.curves, self._command = (
            w.HTML().add_class(f"nst-{name}") for name in ("status", "curves", "command")
        )
        self._snapshots = w.SelectionSlider(options=[("–", 0)], description="Snapshot", disabled=True)
        self._snapshots.observe(lambda _: explained(self._look_back), "value")
        self._files = {
            name: w.Button(description=name, disabled=True, tooltip=f"Download {what}")
            for name, what in (
                (PNG, "this picture"),
                (GIF, "how it was made"),
                (COMMAND, "the command that repeats it"),
            )
        }
        for kind, download in {
            PNG: self._send_picture,
            GIF: self._make_gif,
            COMMAND: self._send_command,
        }.items():
            self._files[kind].on_click(lambda _, download=download: explained(download))
        downloads = w.HBox([w.Label("Download"), *self._files.values()]).add_class("nst-buttons")
        self.picture = w.VBox(
            [
                noted(self._stage, "Move the slider, or drag over the picture, to wipe from G to C."),
                noted(self._snapshots, "Afterwards: the picture on its way, step by step."),
                noted(downloads, "Afterwards: this picture, its making, the command to repeat it."),
                self._command,
            ]
        )
        self._beside = ThreadPoolExecutor(1)
        self._beside.submit(import_module, "nst_tf.plots")  # which takes a second

    def preview(self, C: Original) -> None:
        """Before there is a picture, show the content where it will be."""
        if self._clean:
            self._stage.content = encoded(C.view, "JPEG", quality=90)

    def clear(self, C: Original) -> None:
        """A new painting begins: show its content instead of the last picture."""
        self._session, self._clean = Session(), True
        with self._stage.hold_sync():
            self._stage.picture, self._stage.caption, self._stage.painted = b"", "", False
        self.curves.value = ""
        self.preview(C)
        self.expect_run()

    def expect_run(self) -> None:
        """A run begins: until its end, there is nothing to look back on and to download."""
        self._over = False
        self._offer(False)

    def refresh(self) -> None:
        """Show what is new."""
        running, session = self._runner.running, self._runner.session  # in this order, lest the end be missed
        self.status.value = self._status(running, session)
        self._send_gif()
        if session.picture is None or (running and self._clean and not self._runner.begun):
            return
        new = session is not self._session or len(session.history) != self._rows
        ended = not running and not self._over
        due = time.monotonic() - self._at > 0.9 * PICTURE_EVERY  # beats come a little early or late
        if (new and due) or ended:
            if session is not self._session:
                self._stage.content = encoded(session.jobs[0].content.view, "JPEG", quality=90)
                self._clean = False
            self._session, self._rows, self._at = session, len(session.history), time.monotonic()
            self._show(session.picture, f"G after {session.history[-1].step} steps")
            self.curves.value = _drawn(session)
        if running == self._over:
            self._over = not running
            self._offer(self._over)

    def _status(self, running: bool, session: Session) -> str:
        runner = self._runner
        if runner.failed:
            return f"<p class='nst-failed' role='alert'>{html.escape(runner.status)}</p>"
        state = "Stopping after this evaluation…" if runner.stopping else runner.status
        numbers = "" if running and not runner.begun else _numbers(session, runner, running)
        return f"<p class='nst-state'>{html.escape(state)}</p>{numbers}"

    def _show(self, picture: Image.Image, caption: str) -> None:
        with self._stage.hold_sync():
            self._stage.picture = encoded(picture, "PNG", compress_level=1)
            self._stage.caption, self._stage.painted = caption, True

    def _offer(self, offered: bool) -> None:
        """What one can do with a picture that is done."""
        session = self._session
        self._snapshots.disabled = True  # so that what follows is no choice of the reader's
        if offered:
            self._snapshots.options = _labelled(session)
            self._snapshots.value = max(session.snapshots)
        else:
            self._snapshots.options = [("–", 0)]
        self._snapshots.disabled = not offered
        for button in self._files.values():
            button.disabled = not offered
        self._files[GIF].disabled |= self._gif is not None
        has_command = offered and session.settings is not None  # a run that failed leaves none
        self._files[COMMAND].disabled = not has_command
        remark = "" if not has_command or session.repeatable else ALIKE
        self._command.value = f"{remark}<code>{html.escape(session.command())}</code>" if has_command else ""

    def _look_back(self) -> None:
        if not self._snapshots.disabled and self._snapshots.value in self._session.snapshots:
            step = self._snapshots.value
            self._show(self._session.snapshots[step], f"G after {step} steps")

    def _send_picture(self) -> None:
        last = max(self._session.snapshots)
        step = "" if self._snapshots.value == last else f"_step_{self._snapshots.value}"
        self._pulse.download(f"{self._session.name}{step}.png", "image/png", self._stage.picture)

    def _send_command(self) -> None:
        remark = [] if self._session.repeatable else [ALIKE]
        text = "\n".join([*remark, self._session.command(), ""])
        self._pulse.download(f"{self._session.name}.txt", "text/plain", text.encode())

    def _make_gif(self) -> None:
        """In a thread, as it takes seconds."""
        button, session = self._files[GIF], self._session
        button.disabled = True
        self._gif = f"{session.name}.gif", self._beside.submit(_timelapse, list(session.snapshots.values()))

    def _send_gif(self) -> None:
        if not (self._gif and self._gif[1].done()):
            return
        (name, making), self._gif = self._gif, None
        self._files[GIF].disabled = not self._over
        self._pulse.download(name, "image/gif", making.result())


def _timelapse(pictures: list[Image.Image]) -> bytes:
    last = pictures[-1].copy()
    last.thumbnail((GIF_SIZE, GIF_SIZE))
    frames = [picture.resize(last.size) for picture in pictures]  # a run may have gone on at another size
    file = io.BytesIO()
    frames[0].save(file, "GIF", **gif_options(frames))
    return file.getvalue()


def _numbers(session: Session, runner: Runner, running: bool) -> str:
    """Step, J, seconds and time left, and a bar."""
    if not session.history:
        return ""
    row = session.history[-1]
    left = session.seconds_left(runner.pace) if running else None
    still = f", {left:.0f} s left" if left is not None else ""
    numbers = (
        f"step {row.step} of {session.steps}<br>{row.seconds:.0f} s{still}<br>J = {_power_of_ten(row.J)}"
    )
    bar = f"<progress max='{session.steps}' value='{row.step}' aria-label='progress of the run'></progress>"
    return f"<p class='nst-numbers'>{numbers}</p>{bar}"


def _power_of_ten(J: float) -> str:
    digits, exponent = f"{J:.2e}".split("e")
    return f"{digits} × 10<sup>{int(exponent)}</sup>"


def _labelled(session: Session) -> list[tuple[str, int]]:
    """The snapshots' steps, each after what it is called: the step, and its β/α if they were several."""
    ratios = {row.step: row.beta / row.alpha for row in session.history}
    several = len(set(ratios.values())) > 1
    return [
        (f"step {step}" + f", β/α = {two_digits(ratios[step])}" * several, step) for step in session.snapshots
    ]


def _drawn(session: Session) -> str:
    """The curves as part of a page, in the page's colours."""
    from matplotlib import rc_context

    from nst_tf.plots import cost_curves

    file = io.StringIO()
    with rc_context({"svg.fonttype": "none"}):  # letters stay letters
        cost_curves(list(session.history), compact=True).savefig(file, format="svg", transparent=True)
    svg = file.getvalue()
    for name, colour in LIGHT.items():
        svg = svg.replace(colour, variable(name))
    return f"<div role='img' aria-label='J and its terms by step'>{svg[svg.index('<svg') :]}</div>"
