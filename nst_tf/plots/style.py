"""How every figure looks, and how its axes are finished."""

from collections.abc import Callable, Iterable
from functools import wraps
from itertools import cycle
from typing import Any, ParamSpec

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

from nst_tf.palette import LIGHT, LINES, Line, meaning, points

STYLE: dict[Any, Any] = {  # dark on a light card, which can be read on a dark page too
    "figure.facecolor": LIGHT["ground"],
    "figure.titlesize": points("title"),
    "figure.constrained_layout.w_pad": 0.07,
    "figure.constrained_layout.h_pad": 0.07,
    "font.family": "DejaVu Sans",  # Matplotlib brings it, and it has α, β and ×
    "font.size": points("small"),
    "text.color": LIGHT["ink"],
    "axes.facecolor": "none",
    "axes.edgecolor": LIGHT["edge"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": points("body"),
    "axes.titlecolor": LIGHT["ink"],
    "axes.labelsize": points("body"),
    "axes.labelcolor": LIGHT["ink"],
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.8,
    "legend.fontsize": points("body"),
    "legend.labelcolor": LIGHT["ink"],
    "legend.facecolor": LIGHT["ground"],
    "legend.edgecolor": "none",
    "legend.handlelength": 2.6,
    **{
        f"{axis}tick.{name}": value
        for axis in "xy"
        for name, value in {
            "color": LIGHT["edge"],
            "labelcolor": LIGHT["muted"],
            "labelsize": points("small"),
            "major.size": 3,
            "minor.size": 0,
        }.items()
    },
}
Given = ParamSpec("Given")


class StyledFigure(Figure):
    """A figure that is drawn in ``STYLE``, as some of its parts are made only then."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it with ``STYLE`` rather than with the reader's own settings."""
        with rc_context(STYLE):
            super().draw(renderer)


def styled(make: Callable[Given, Figure]) -> Callable[Given, Figure]:
    """Make the figure in ``STYLE``."""

    @wraps(make)
    def in_style(*args: Given.args, **kwargs: Given.kwargs) -> Figure:
        with rc_context(STYLE):
            return make(*args, **kwargs)

    return in_style


def set_label(axes: Axes, label: str, letter: str, **options: Any) -> None:
    """What a picture is, in the colour of the letter C or S if it has one of them."""
    axes.set_title(label, color=LIGHT[meaning(letter) or "ink"], **options)


def lines_for(names: Iterable[str]) -> list[Line]:
    """A line for each name: for J and its terms their own, for the others the rest in turn."""
    names = list(names)
    taken = {meaning(name) for name in names}
    others = cycle([line for line in LINES if line.colour not in taken])
    return [line_of(name) if meaning(name) else next(others) for name in names]


def line_of(term: str) -> Line:
    """The line of J or of one of its terms."""
    return next(line for line in LINES if line.colour == meaning(term))


def drawn(line: Line) -> dict:
    """What Matplotlib calls this line."""
    return {"color": LIGHT[line.colour], "linestyle": (0, line.dashes) if line.dashes else "-"}


def finished(figure: Figure, axes: Axes, title: str, xlabel: str, ylabel: str, log: bool) -> Figure:
    """The figure with a title, labels and fine lines across."""
    if log:
        axes.set_yscale("log")
    axes.set_title(title, fontsize=points("title"))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel + (" (log scale)" if log else ""))
    rule(axes)
    return figure


def name_beside(figure: Figure) -> None:
    """The names of the lines or bars to the right of the axes, where they cover none."""
    figure.legend(loc="outside right upper")


def rule(axes: Axes) -> None:
    """Fine lines across, and finer ones between powers of ten where the axis spans less than two."""
    axes.grid(axis="y")
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log" and high < 100 * low:
        axes.grid(axis="y", which="minor", linewidth=0.4)
