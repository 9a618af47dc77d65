"""The drawing of the whole algorithm, which each lesson shows with the part lit that it is about."""

from collections.abc import Collection
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from nst_tf.palette import LIGHT, meaning, points
from nst_tf.plots.style import StyledFigure, styled

Point = tuple[float, float]


class Box(NamedTuple):
    """Where a part stands and what it says; lengths are in inches."""

    x: float
    y: float
    width: float
    height: float
    text: str


class Arrow(NamedTuple):
    """A line through some points with a head at its end, the part that it belongs to, and its label."""

    points: tuple[Point, ...]
    part: str
    text: str = ""
    at: Point = (0, 0)


BOXES = {
    "C": Box(0.2, 3.8, 2.2, 0.9, "C, the content"),
    "G": Box(0.2, 2.05, 2.2, 0.9, "G, its pixels"),
    "S": Box(0.2, 0.3, 2.2, 0.9, "S, the style"),
    "VGG-19": Box(3.6, 0.3, 2.0, 4.4, "VGG-19\n\nfrozen"),
    "J_content": Box(7.4, 2.95, 2.9, 0.9, "J_content(C, G)"),
    "J_style": Box(7.4, 1.15, 2.9, 0.9, "J_style(S, G)"),
    "J": Box(11.6, 2.05, 1.9, 0.9, "J(G)"),
}
DESCENT = "descent"
PARTS = (*BOXES, DESCENT)
ARROWS = (
    Arrow(((2.4, 4.25), (3.6, 4.25)), "C"),
    Arrow(((2.4, 2.5), (3.6, 2.5)), "G"),
    Arrow(((2.4, 0.75), (3.6, 0.75)), "S"),
    Arrow(((5.6, 4.25), (7.4, 3.6)), "J_content", "a_C", (6.6, 4.2)),
    Arrow(((5.6, 2.6), (7.4, 3.2)), "J_content", "a_G", (6.25, 3.2)),
    Arrow(((5.6, 2.4), (7.4, 1.8)), "J_style", "a_G", (6.3, 1.75)),
    Arrow(((5.6, 0.75), (7.4, 1.4)), "J_style", "a_S", (6.6, 0.8)),
    Arrow(((10.3, 3.4), (11.6, 2.7)), "J", "× α", (11.1, 3.35)),
    Arrow(((10.3, 1.6), (11.6, 2.3)), "J", "× β", (11.1, 1.65)),
    Arrow(
        ((12.55, 2.05), (12.55, -0.35), (-0.3, -0.35), (-0.3, 2.5), (0.2, 2.5)),
        DESCENT,
        "G ← G − lr · ∂J/∂G",
        (6.5, -0.35),
    ),
)


@styled
def algorithm(lit: Collection[str] = PARTS, title: str = "Neural style transfer in one drawing") -> Figure:
    """C, S and G, the network, the costs, and the way back to the pixels; what isn't lit is pale.

    Args:
        lit: any of ``PARTS``; all of them by default.
        title: of the figure.

    Raises:
        ValueError: there is no such part.
    """
    if unknown := [part for part in lit if part not in PARTS]:
        raise ValueError(f"The drawing has no part {unknown[0]!r}: its parts are {', '.join(PARTS)}.")
    figure = StyledFigure(figsize=(14, 5.6), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots()
    axes.set(xlim=(-0.5, 13.6), ylim=(-0.65, 4.8))
    axes.set_axis_off()
    for name, box in BOXES.items():
        _draw_box(axes, name, box, name in lit)
    for arrow in ARROWS:
        _draw_arrow(axes, arrow, arrow.part in lit)
    return figure


def _draw_box(axes: Axes, name: str, box: Box, is_lit: bool) -> None:
    colour = LIGHT[meaning(name) or "ink"]
    axes.add_patch(
        FancyBboxPatch(
            (box.x, box.y),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.15",
            facecolor=LIGHT["surface"],
            edgecolor=colour if is_lit else LIGHT["grid"],
            linewidth=3 if is_lit else 1.5,
        )
    )
    middle = box.x + box.width / 2, box.y + box.height / 2
    _write(axes, middle, box.text, colour if is_lit else LIGHT["edge"])


def _draw_arrow(axes: Axes, arrow: Arrow, is_lit: bool) -> None:
    lit_colour = LIGHT["go"] if arrow.part == DESCENT else LIGHT[meaning(arrow.part) or "ink"]
    colour, width = (lit_colour, 2.5) if is_lit else (LIGHT["grid"], 1.5)
    *bends, before, end = arrow.points
    if bends:
        axes.plot(*zip(*bends, before, strict=True), color=colour, linewidth=width)
    axes.add_patch(
        FancyArrowPatch(
            before,
            end,
            arrowstyle="-|>",
            mutation_scale=18,
            shrinkA=0,
            shrinkB=0,
            color=colour,
            linewidth=width,
        )
    )
    _write(axes, arrow.at, arrow.text, lit_colour if is_lit else LIGHT["edge"], LIGHT["ground"])


def _write(axes: Axes, at: Point, text: str, colour: str, ground: str = "none") -> None:
    box = {"facecolor": ground, "edgecolor": "none", "pad": 4}
    axes.text(*at, text, ha="center", va="center", color=colour, fontsize=points("large"), bbox=box)
