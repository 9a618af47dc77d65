"""What the demo shows of a painting: the picture, how far it is, its curves, and afterwards its snapshots and files."""

import html
import io
import threading
import time

import ipywidgets as w
from PIL import Image

from nst_tf.choosing import encoded
from nst_tf.controls import noted
from nst_tf.outputs import gif_options
from nst_tf.painter import Painter
from nst_tf.painting import PICTURE_EVERY, Original, Painting
from nst_tf.widgets import Pulse, Stage

GIF_SIZE = 640  # pixels: a larger timelapse is too much to send


class Show:
    """Looks at a painter, and keeps the page up to date.

    Attributes:
        picture: the widgets of the picture, and of what one can do with it afterwards.
        status: where the run is.
        curves: J, J_content and J_style.
    """

    def __init__(self, painter: Painter, pulse: Pulse):
        self._painter, self._pulse = painter, pulse
        self._painting: Painting | None = None  # the one that is shown
        self._rows = 0  # of its history that are shown
        self._at = 0.0  # when that was
        self._over = True  # whether that was its end
        self._gif: tuple[str, bytes] | None = None  # that is ready to be sent: its name and what is in it
        self._stage = Stage()
        self.status, self.curves, self._command = (
            w.HTML().add_class(f"nst-{name}") for name in ("status", "curves", "command")
        )
        self._snapshots = w.SelectionSlider(options=[("–", 0)], description="Snapshot", disabled=True)
        self._snapshots.observe(lambda _: self._look_back(), "value")
        self._files = {
            "PNG": w.Button(description="PNG", disabled=True, tooltip="Download this picture"),
            "GIF": w.Button(description="GIF", disabled=True, tooltip="Download its making as a timelapse"),
            "Command": w.Button(
                description="Command", disabled=True, tooltip="Download the command line that paints it again"
            ),
        }
        for kind, download in {"PNG": self._send_picture, "GIF": self._make_gif, "Command": self._send_command}.items():
            self._files[kind].on_click(lambda _, download=download: download())
        downloads = w.HBox([w.Label("Download"), *self._files.values()]).add_class("nst-buttons")
        self.picture = w.VBox(
            [
                noted(self._stage, "Drag over the picture, or move the slider: C on its left, G on its right."),
                noted(self._snapshots, "Afterwards: the picture on its way, step by step."),
                noted(downloads, "Afterwards: this picture, its making, the command to repeat it."),
                self._command,
            ]
        )
        self.refresh()

    def preview(self, C: Original) -> None:
        """Before there is a picture, show the content where it will be."""
        if self._painting is None:
            self._stage.content = encoded(C.view, "JPEG", quality=90)

    def refresh(self) -> None:
        """Show what is new."""
        running, painting = self._painter.running, self._painter.painting  # in this order, lest the end be missed
        self.status.value = self._status(running, painting)
        self._send_gif()
        if painting.picture is None:
            return
        new = painting is not self._painting or len(painting.history) != self._rows
        ended = not running and not self._over
        if (new and time.monotonic() - self._at >= PICTURE_EVERY) or ended:
            if painting is not self._painting:
                self._stage.content = encoded(painting.jobs[0].content.view, "JPEG", quality=90)
            self._painting, self._rows, self._at = painting, len(painting.history), time.monotonic()
            self._show(painting.picture, f"G after {painting.history[-1].step} steps")
            self.curves.value = _drawn(painting)
        if running == self._over:
            self._over = not running
            self._offer(self._over)

    def _status(self, running: bool, painting: Painting) -> str:
        painter = self._painter
        if painter.failed:
            return f"<p class='nst-failed' role='alert'>{html.escape(painter.status)}</p>"
        state = "Stopping after this evaluation…" if painter.stopping else painter.status
        return f"<p class='nst-state'>{html.escape(state)}</p>{_numbers(painting, painter, running)}"

    def _show(self, picture: Image.Image, caption: str) -> None:
        with self._stage.hold_sync():
            self._stage.picture = encoded(picture, "PNG", compress_level=1)
            self._stage.caption, self._stage.painted = caption, True

    def _offer(self, offered: bool) -> None:
        """What one can do with a picture that is done."""
        painting = self._painting
        if offered:
            self._snapshots.options = [(f"step {step}", step) for step in painting.snapshots]
            self._snapshots.value = painting.history[-1].step
        self._snapshots.disabled = not offered
        for button in self._files.values():
            button.disabled = not offered
        repeatable = offered and painting.settings is not None  # a run that failed leaves none
        self._files["Command"].disabled = not repeatable
        self._command.value = f"<code>{html.escape(painting.command())}</code>" if repeatable else ""

    def _look_back(self) -> None:
        if not self._snapshots.disabled and self._snapshots.value in self._painting.snapshots:
            step = self._snapshots.value
            self._show(self._painting.snapshots[step], f"G after {step} steps")

    def _send_picture(self) -> None:
        last = self._painting.history[-1].step
        step = "" if self._snapshots.value == last else f"_step_{self._snapshots.value}"
        self._pulse.download(f"{self._painting.name}{step}.png", "image/png", self._stage.picture)

    def _send_command(self) -> None:
        text = f"{self._painting.command()}\n".encode()
        self._pulse.download(f"{self._painting.name}.txt", "text/plain", text)

    def _make_gif(self) -> None:
        """In a thread, as it takes seconds."""
        button, painting = self._files["GIF"], self._painting
        button.disabled, button.description = True, "GIF…"
        frames = list(painting.snapshots.values())

        def work() -> None:
            self._gif = f"{painting.name}.gif", _timelapse(frames)

        threading.Thread(target=work, daemon=True).start()

    def _send_gif(self) -> None:
        if self._gif:
            name, data = self._gif
            self._pulse.download(name, "image/gif", data)
            self._gif = None
            self._files["GIF"].description, self._files["GIF"].disabled = "GIF", not self._over


def _timelapse(pictures: list[Image.Image]) -> bytes:
    frames = [picture.copy() for picture in pictures]
    for frame in frames:
        frame.thumbnail((GIF_SIZE, GIF_SIZE))
    file = io.BytesIO()
    frames[0].save(file, "GIF", **gif_options(frames))
    return file.getvalue()


def _numbers(painting: Painting, painter: Painter, running: bool) -> str:
    """Step, J, seconds and time left, and a bar."""
    if not painting.history:
        return ""
    row = painting.history[-1]
    left = painting.seconds_left(painter.pace) if running else None
    still = f", {left:.0f} s left" if left is not None else ""
    numbers = f"step {row.step} of {painting.steps}<br>{row.seconds:.0f} s{still}<br>J = {row.J:.3g}"
    bar = f"<progress max='{painting.steps}' value='{row.step}' aria-label='progress of the run'></progress>"
    return f"<p class='nst-numbers'>{numbers}</p>{bar}"


def _drawn(painting: Painting) -> str:
    """The curves as part of a page."""
    from matplotlib import rc_context  # which takes a second to load

    from nst_tf.plots import cost_curves

    file = io.StringIO()
    with rc_context({"svg.fonttype": "none"}):  # letters stay letters
        cost_curves(list(painting.history), compact=True).savefig(file, format="svg")
    svg = file.getvalue()
    return svg[svg.index("<svg") :]
