"""The curves of a run: J and its terms at each step."""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nst_tf.palette import LIGHT, points
from nst_tf.plots.style import StyledFigure, drawn, line_of, rule, styled
from nst_tf.progress import Costs


@styled
def cost_curves(history: Sequence[Costs], *, compact: bool = False) -> Figure:
    """J and its terms against the step, on a log axis: α J_content, β J_style and, where γ > 0, γ J_tv.

    The terms are drawn with their weights, as they stand in J, so that one sees which of them leads.
    Where a run goes on with another size, α, β or γ, the curves break: those are different functions.

    Args:
        history: rows as a ``Result`` has them.
        compact: without a title, in letters that can be read where the figure has only the corner of a page.
    """
    figure = StyledFigure(figsize=(5, 5) if compact else (12, 5), layout="constrained")
    axes = figure.add_subplot()
    pieces = [list(rows) for _, rows in groupby(history, key=lambda row: row.function)]
    terms = {
        "J": (lambda row: row.J, 4, None),
        "α J_content": (lambda row: row.alpha * row.J_content, 2.4, "alpha"),
        "β J_style": (lambda row: row.beta * row.J_style, 2.4, "beta"),
    }
    if any(row.gamma for row in history):
        terms["γ J_tv"] = (lambda row: row.gamma * row.J_tv, 2.4, "gamma")
    for term, (value, width, weight) in terms.items():
        steps, values = _with_breaks(pieces, value)
        label = term if compact else term + _weight(weight, term[0], history)
        line = drawn(line_of(term))
        axes.plot(steps, np.ma.masked_less_equal(values, 0), **line, linewidth=width, label=label)
    axes.set_yscale("log")
    _mark_pieces(axes, pieces, figure.get_figheight())
    if not compact:
        axes.set_title(f"The cost J = {' + '.join(list(terms)[1:])}", fontsize=points("title"))
    letters = points("large" if compact else "body")
    axes.set_xlabel("step", fontsize=letters)
    axes.set_ylabel("cost (log scale)", fontsize=letters)
    axes.tick_params(labelsize=letters if compact else None)
    rule(axes)
    if compact:
        options = {
            "ncols": 3 if len(terms) < 4 else 2,
            "frameon": False,
            "handlelength": 1.6,
            "columnspacing": 1.0,
        }
        figure.legend(loc="outside upper right", fontsize=letters, **options)
    else:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))  # beside the axes
    return figure


def _with_breaks(pieces: list[list[Costs]], value: Callable) -> tuple[list[float], list[float]]:
    """Steps and values for one line that breaks between two pieces."""
    steps, values = [], []
    for rows in pieces:
        steps += [*(row.step for row in rows), rows[-1].step + 0.5]
        values += [*map(value, rows), math.nan]
    return steps[:-1], values[:-1]


def _weight(name: str | None, letter: str, history: Sequence[Costs]) -> str:
    """The weight of a term of J, where it is the same all along."""
    values = {getattr(row, name) for row in history} if name else set()
    return f", {letter} = {values.pop():g}" if len(values) == 1 else ""


def _mark_pieces(axes: Axes, pieces: list[list[Costs]], height: float) -> None:
    """A line where each piece of a run begins, and what is new with it: its size, its β/α, its γ."""
    steps, free = sum(map(len, pieces)), math.inf
    varying = [of for of in (_size, _ratio, _gamma) if len({of(rows[0]) for rows in pieces}) > 1]
    for number, (row, *_) in reversed(list(enumerate(pieces))):
        if number:
            axes.axvline(row.step - 0.5, color=LIGHT["edge"], linewidth=1)
        news = [of(row) for of in varying if not number or of(row) != of(pieces[number - 1][0])]
        if news and row.step <= free:  # else the words would stand on those that come later
            transform = axes.get_xaxis_transform()
            axes.text(
                row.step,
                0.02,
                ", ".join(news),
                rotation=90,
                transform=transform,
                color=LIGHT["muted"],
                bbox={"facecolor": LIGHT["ground"], "edgecolor": "none", "alpha": 0.8, "pad": 1},
            )
            free = row.step - steps / 15
    letters = max((len(text.get_text()) for text in axes.texts), default=0)
    _leave_room_below(axes, letters, height - 1.5)


def _leave_room_below(axes: Axes, letters: int, height: float) -> None:
    """Lower the y axis's end, so that upright words of so many letters stand below the curves."""
    share = min(0.45, 0.62 * letters * points("small") / 72 / height)
    low, high = axes.get_ylim()
    axes.set_ylim(high * (low / high) ** (1 / (1 - share)), high)


def _size(row: Costs) -> str:
    return f"{row.size} px"


def _ratio(row: Costs) -> str:
    return f"β/α = {row.beta / row.alpha:.2g}" if row.alpha else "α = 0"


def _gamma(row: Costs) -> str:
    return f"γ = {row.gamma:.2g}"
