"""The classroom demo: a page on which the painting appears.

``page()`` makes it, in a notebook or, through ``nst_tf.classroom``, as a web page of its own. The page asks twice a second
what is new (``widgets.Pulse``), and the painting itself goes on in a thread (``painter.Painter``).
"""

import html
import os
import time
from collections.abc import Callable

import ipywidgets as w

from nst_tf.choosing import Chooser, data_url
from nst_tf.classroom import UPLOAD_LIMIT
from nst_tf.controls import ALPHA, Controls, note
from nst_tf.painter import Painter
from nst_tf.painting import Job
from nst_tf.settings import SettingsError
from nst_tf.showing import Show
from nst_tf.widgets import Pulse

JUPYTERS_LIMIT = 10_000_000  # Jupyter drops messages of over 10 MiB without a word
DESERTED_AFTER = 10  # seconds without a beat

HEADER = "<h1>Neural style transfer</h1><p>Lower J(G) = α J_content(C, G) + β J_style(S, G), by changing the pixels of G.</p>"


def page() -> w.Widget:
    """The demo, as a widget: the last expression of a notebook's cell."""
    return Demo().root


class Demo:
    """The page: what is chosen on the left, the picture in the middle, how the run is doing on the right.

    Attributes:
        root: the widget to show.
    """

    def __init__(self):
        limit = int(os.environ.get(UPLOAD_LIMIT, JUPYTERS_LIMIT))
        self._content = Chooser("content", "Content C", "chambord", limit)
        self._style = Chooser("style", "Style S", "great_wave", limit)
        self._controls = Controls()
        self._start, self._stop, self._resume = (
            w.Button(description=name).add_class(f"nst-{name.lower()}") for name in ("Start", "Stop", "Continue")
        )
        self._originals = w.HTML().add_class("nst-originals")
        self._last_beat = time.monotonic()
        self._painter = Painter(is_watched=lambda: time.monotonic() - self._last_beat < DESERTED_AFTER)
        self._pulse = Pulse()
        self._show = Show(self._painter, self._pulse)
        self.root = self._laid_out()
        self._listen()
        self._choose()
        self._painter.prepare(self._job())

    def _laid_out(self) -> w.Widget:
        choosers = [
            w.VBox([w.HTML(f"<h2>{chooser.gallery.label}</h2>"), chooser.gallery, note(line)]).add_class(
                f"nst-{letter}"
            )
            for letter, chooser, line in (
                ("C", self._content, "The photograph: what is in it."),
                ("S", self._style, "The painting: its colours and strokes."),
            )
        ]
        buttons = w.HBox([self._start, self._stop, self._resume]).add_class("nst-buttons")
        run = w.VBox([buttons, note("Start begins anew, Continue goes on from G.")])
        columns = [
            w.VBox([*choosers, self._controls.main, run]),
            self._show.picture,
            w.VBox([self._originals, self._show.status, self._show.curves]),
        ]
        for column, side in zip(columns, ("left", "middle", "right"), strict=True):
            column.add_class(f"nst-{side}")
        main = w.GridBox(columns).add_class("nst-main")
        header = w.HTML(HEADER).add_class("nst-header")
        return w.Box([w.VBox([self._pulse, header, main, self._controls.more]).add_class("nst")]).add_class("nst-frame")

    def _listen(self) -> None:
        self._pulse.on_msg(lambda *_: self._beat())
        self._start.on_click(lambda _: self._explained(lambda: self._painter.start(self._job())))
        self._resume.on_click(lambda _: self._explained(lambda: self._painter.resume(self._job())))
        self._stop.on_click(lambda _: self._explained(self._painter.stop))
        self._controls.ratio.observe(lambda _: self._painter.reweigh(ALPHA, self._controls.beta), "value")
        for chooser in (self._content, self._style):
            chooser.gallery.observe(lambda _: self._choose(), "chosen")

    def _job(self) -> Job:
        return Job(self._content.chosen, self._style.chosen, self._controls.settings())

    def _explained(self, act: Callable[[], object]) -> None:
        """Do what a button says, and show that at once; a setting that makes no sense is told in a sentence."""
        try:
            act()
        except SettingsError as problem:
            self._painter.fail(str(problem))
        self._refresh()

    def _choose(self) -> None:
        self._originals.value = "".join(
            f"<figure class='nst-{letter}'><figcaption>{letter}</figcaption>"
            f"<img src='{data_url(chooser.chosen.view)}' alt='{html.escape(chooser.chosen.title, quote=True)}'></figure>"
            for letter, chooser in (("C", self._content), ("S", self._style))
        )
        self._show.preview(self._content.chosen)
        self._refresh()

    def _beat(self) -> None:
        self._last_beat = time.monotonic()
        self._refresh()
        self._pulse.answer()

    def _refresh(self) -> None:
        painter = self._painter
        jobs = painter.painting.jobs
        self._start.disabled = painter.running
        self._stop.disabled = not painter.running or painter.stopping
        self._resume.disabled = painter.running or not jobs or jobs[0].content is not self._content.chosen
        if painter.pace:
            self._controls.mark_slow_sizes(painter.pace, self._content.chosen.view.size)
        self._show.refresh()
