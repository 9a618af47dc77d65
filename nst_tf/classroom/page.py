"""The classroom demo: a page on which the painting appears.

``page()`` makes it, in a notebook or, through ``nst_tf.classroom.server``, as a web page of its own. The page
asks twice a second what is new (``widgets.Pulse``), and the painting itself goes on in a thread
(``runner.Runner``).
"""

import html
import os
import time
from collections.abc import Callable

import ipywidgets as w

from nst_tf.classroom.controls import Controls, note
from nst_tf.classroom.picker import Picker, data_url
from nst_tf.classroom.runner import Runner
from nst_tf.classroom.server import UPLOAD_LIMIT
from nst_tf.classroom.session import Job, kind_and_text
from nst_tf.classroom.view import View
from nst_tf.classroom.widgets import Pulse
from nst_tf.settings import SettingsError

JUPYTERS_LIMIT = 10_000_000  # Jupyter drops messages of over 10 MiB without a word
DESERTED_AFTER = 10  # seconds without a beat

HINT = "Start begins anew, Continue goes on from G."
HINT_OTHER = "Another photograph is chosen: Start paints it."
HEADER = (
    "<h1>Neural style transfer</h1><p>Lower J(G) = α J_content(C, G) + β J_style(S, G) + γ J_tv(G), "
    "by changing the pixels of G.</p>"
)


_open: list["Demo"] = []  # of this kernel


def page() -> w.Widget:
    """The demo, as a widget: the last expression of a notebook's cell.

    Where there was one already, it ends.
    """
    while _open:
        _open.pop().close()
    _open.append(Demo())
    return _open[0].root


class Demo:
    """The page: what is chosen on the left, the picture in the middle, how the run is doing on the right.

    Attributes:
        root: the widget to show.
    """

    def __init__(self) -> None:
        limit = int(os.environ.get(UPLOAD_LIMIT, JUPYTERS_LIMIT))
        self._content = Picker("content", "Content C", "chambord", limit)
        self._style = Picker("style", "Style S", "great_wave", limit)
        self._controls = Controls()
        self._start, self._stop, self._resume = (
            w.Button(description=name).add_class(f"nst-{name.lower()}")
            for name in ("Start", "Stop", "Continue")
        )
        self._originals = w.HTML().add_class("nst-originals")
        self._originals_shown: tuple[int, int] | None = None
        self._hint = note(HINT)
        self._last_beat = time.monotonic()
        self._runner = Runner(is_watched=lambda: time.monotonic() - self._last_beat < DESERTED_AFTER)
        self._pulse = Pulse()
        self._view = View(self._runner, self._pulse, self._explained)
        self.root = self._laid_out()
        self._listen()
        self._choose()
        self._runner.prepare(self._job())
        self._explained()

    def _laid_out(self) -> w.Widget:
        pickers = [
            w.VBox([w.HTML(f"<h2>{picker.thumbnails.label}</h2>"), picker.thumbnails, note(line)]).add_class(
                f"nst-{letter}"
            )
            for letter, picker, line in (
                ("C", self._content, "The photograph: what is in it."),
                ("S", self._style, "The painting: its colours and strokes."),
            )
        ]
        buttons = w.HBox([self._start, self._stop, self._resume]).add_class("nst-buttons")
        run = w.VBox([buttons, self._hint])
        columns = [
            w.VBox([*pickers, self._controls.main, run]),
            self._view.picture,
            w.VBox([self._originals, self._view.status, self._view.curves]),
        ]
        for column, side in zip(columns, ("left", "middle", "right"), strict=True):
            column.add_class(f"nst-{side}")
        main = w.GridBox(columns).add_class("nst-main")
        header = w.HTML(HEADER).add_class("nst-header")
        return w.Box([w.VBox([self._pulse, header, main, self._controls.more]).add_class("nst")]).add_class(
            "nst-frame"
        )

    def _listen(self) -> None:
        self._pulse.on_msg(lambda *_: self._beat())
        self._start.on_click(lambda _: self._explained(self._paint_anew))
        self._resume.on_click(lambda _: self._explained(self._go_on))
        self._stop.on_click(lambda _: self._explained(self._runner.stop))
        self._controls.strength.observe(
            lambda _: self._runner.reweigh(self._controls.style_strength), "value"
        )
        for picker in (self._content, self._style):
            picker.thumbnails.observe(lambda _: self._explained(self._choose), "chosen")

    def _job(self) -> Job:
        return Job(self._content.chosen, self._style.chosen, self._controls.settings())

    def _paint_anew(self) -> None:
        job = self._job()
        if self._runner.start(job):
            self._view.clear(job.content)

    def _go_on(self) -> None:
        if self._runner.resume(self._job()):
            self._view.expect_run()

    def close(self) -> None:
        """End the run, and free what the page holds."""
        self._runner.stop()
        _close(self.root)

    def _explained(self, act: Callable[[], object] = lambda: None) -> None:
        """Do what was asked for and show what is new; what goes wrong is told in a sentence,
        and the page goes on.
        """
        try:
            act()
            self._refresh()
        except SettingsError as problem:
            self._runner.fail(str(problem))
        except Exception as problem:
            self._runner.fail(f"The page failed ({kind_and_text(problem)}): try again.")

    def _choose(self) -> None:
        self._view.preview(self._content.chosen)

    def _beat(self) -> None:
        self._last_beat = time.monotonic()
        self._pulse.answer()
        self._explained()

    def _refresh(self) -> None:
        runner = self._runner
        session = runner.session
        jobs = session.jobs
        other_photograph = bool(jobs) and jobs[0].content is not self._content.chosen
        self._start.disabled = runner.running
        self._stop.disabled = not runner.running or runner.stopping
        self._resume.disabled = runner.running or not jobs or other_photograph
        self._hint.value = HINT_OTHER if other_photograph else HINT
        self._show_originals()
        self._controls.show_balance(session.balance if jobs and self._balances_as(jobs[-1]) else None)
        if runner.pace:
            self._controls.mark_slow_sizes(runner.pace, self._content.chosen.view.size)
        self._view.refresh()

    def _balances_as(self, job: Job) -> bool:
        """Whether what is chosen now has the same balance as a job."""
        same_pair = job.content is self._content.chosen and job.style is self._style.chosen
        return same_pair and self._controls.balance_as(job.settings)

    def _show_originals(self) -> None:
        """C and S of the picture that is shown or, before there is one, those that are chosen."""
        session = self._runner.session
        waiting = not session.jobs or (self._runner.running and not self._runner.begun)
        C, S = (self._content.chosen, self._style.chosen) if waiting else session.jobs[-1][:2]
        if (id(C), id(S)) == self._originals_shown:
            return
        self._originals_shown = id(C), id(S)
        self._originals.value = "".join(
            f"<figure class='nst-{letter}'><figcaption>{letter}</figcaption>"
            f"<img src='{data_url(original.view)}' alt='{html.escape(original.title, quote=True)}'></figure>"
            for letter, original in (("C", C), ("S", S))
        )


def _close(widget: w.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()
