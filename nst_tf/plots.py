"""The figures. Each function returns a Matplotlib figure; in a notebook, ``show`` puts it on the page."""

import base64
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from html import escape
from itertools import cycle, groupby
from typing import Any, NamedTuple, ParamSpec

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image, ImageDraw

from nst_tf.images import Source, gif_options, load_image, tensor_to_image
from nst_tf.layers import block_of
from nst_tf.palette import DEPTHS, LIGHT, LINES, Line, meaning, points
from nst_tf.progress import Costs

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
ANIMATION_WIDTH = 720  # of an animation on the page, in pixels
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
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> Figure:
        with rc_context(STYLE):
            return make(*args, **kwargs)

    return drawn


# ---------------------------------------------------------------------------------- on the page


class Animation(NamedTuple):
    """Pictures shown one after the other, as an animated GIF."""

    title: str
    gif: bytes


def show(figure: Figure | Animation) -> None:
    """Show a figure below a notebook's cell, with its title as the alternative text.

    Raises:
        ValueError: the figure or the animation has no title, or an axis no label,
            so that a reader could not tell what it shows.
    """
    from IPython import display  # there wherever a notebook runs

    if isinstance(figure, Animation):
        if not figure.title:
            raise ValueError("The animation has no title: give it one.")
        display.display(display.HTML(_as_html(figure)))
        return
    title = _title_of(figure)
    for axes in figure.axes:
        _require_labels(axes)
    file = io.BytesIO()
    quality = {"quality": 80}  # a notebook has to stay below 1.5 MB
    figure.savefig(file, format="jpeg", dpi=90, bbox_inches="tight", pad_inches=0.15, pil_kwargs=quality)
    display.display(display.Image(file.getvalue(), format="jpeg", alt=title))


def _as_html(animation: Animation) -> str:
    """The animation as an ``<img>``: nbconvert drops a GIF that is an output of its own."""
    source = f"data:image/gif;base64,{base64.b64encode(animation.gif).decode()}"
    return f'<img alt="{escape(animation.title)}" width="{ANIMATION_WIDTH}" src="{source}" />'


def _title_of(figure: Figure) -> str:
    title = figure.get_suptitle() or (figure.axes[0].get_title() if len(figure.axes) == 1 else "")
    if not title:
        raise ValueError("The figure has no title: give it one with figure.suptitle.")
    return title


def _require_labels(axes: Axes) -> None:
    is_colorbar = axes.get_label() == "<colorbar>"
    sharing = axes.get_shared_y_axes().get_siblings(axes)  # one label is enough for them
    needed = {"y": any(other.get_ylabel() for other in sharing)}
    if not is_colorbar:
        needed = {"x": bool(axes.get_xlabel()), **needed}
    missing = [axis for axis, label in needed.items() if not label]
    if axes.axison and missing:
        raise ValueError(
            f"An axis of the figure has no label: give the {missing[0]} axis one, or hide the axes."
        )


def animation(pictures: Mapping[str, Source], title: str) -> Animation:
    """A timelapse, whose last picture stays a while.

    Args:
        pictures: for each label, to stand above it, a picture as ``nst_tf.load_image`` takes it;
            all of one size.
        title: what the whole shows.
    """
    frames = [_labelled(load_image(picture)[0], label) for label, picture in pictures.items()]
    file = io.BytesIO()
    frames[0].save(file, "GIF", **gif_options(frames))
    return Animation(title, file.getvalue())


def _labelled(image: np.ndarray, label: str) -> Image.Image:
    """The picture below its label, in 64 colours, which make a GIF a third smaller."""
    h, w, _ = image.shape
    frame = Image.new("RGB", (w, h + 20), LIGHT["ground"])
    frame.paste(tensor_to_image(image), (0, 20))
    ImageDraw.Draw(frame).text((w / 2, 10), label, fill=LIGHT["ink"], font_size=14, anchor="mm")
    return frame.quantize(64, dither=Image.Dither.NONE)


# -------------------------------------------------------------------------------------- pictures


@styled
def triptych(content: Source, style: Source, generated: Source, title: str = "") -> Figure:
    """C + S → G: the three pictures of a style transfer side by side, at the same height.

    Args:
        content, style, generated: what ``nst_tf.load_image`` takes.
        title: of the whole figure.
    """
    pictures = [load_image(source)[0] for source in (content, style, generated)]
    aspects = [picture.shape[1] / picture.shape[0] for picture in pictures]
    gap = 0.3  # for the sign between two pictures, in heights of a picture
    width, labels = 14, 0.9 if title else 0.4
    height = width / (sum(aspects) + 2 * gap)
    figure = StyledFigure(figsize=(width, height + labels))
    figure.suptitle(title)
    grid = figure.add_gridspec(
        1,
        5,
        width_ratios=[aspects[0], gap, aspects[1], gap, aspects[2]],
        wspace=0,
        left=0.005,
        right=0.995,
        bottom=0.01,
        top=height / (height + labels),
    )
    for column, picture, name in zip(
        (0, 2, 4), pictures, ("Content C", "Style S", "Generated G"), strict=True
    ):
        axes = figure.add_subplot(grid[column])
        axes.imshow(picture)
        _set_label(axes, name, letter=name[-1], fontsize=points("large"))
        axes.set_axis_off()
    for column, sign in ((1, "+"), (3, "→")):
        axes = figure.add_subplot(grid[column])
        axes.text(0.5, 0.5, sign, fontsize=2 * points("body"), ha="center", va="center")
        axes.set_axis_off()
    return figure


@styled
def picture_grid(pictures: Mapping[str, Source], title: str, columns: int, width: float = 14) -> Figure:
    """Pictures in rows, each with its label above it: what one knob does.

    Args:
        pictures: for each label a picture, as ``nst_tf.load_image`` takes it.
        title: of the whole figure.
        columns: pictures in a row.
        width: of the whole figure, in inches; 90 pixels each on a notebook's page.
    """
    images = {label: load_image(picture)[0] for label, picture in pictures.items()}
    tallest = max(image.shape[0] / image.shape[1] for image in images.values())
    return _grid(images, title, columns, tallest, width)


@styled
def patch_grids(patches: Mapping[str, np.ndarray], title: str, columns: int = 3) -> Figure:
    """The patches of each of some units in a square, as in Zeiler and Fergus 2014.

    Args:
        patches: for each label 4, 9 or 16 patches, shape (patches, size, size, 3) in [0, 1].
        title: of the whole figure.
        columns: units in a row.
    """
    columns = min(columns, len(patches))
    squares = {label: _in_a_square(of_unit) for label, of_unit in patches.items()}
    figure = _grid(squares, title, columns, 1)
    width, height = figure.get_size_inches() * min(1.05, 0.3 * columns)
    figure.set_size_inches(width, height)
    figure.set_layout_engine("constrained", w_pad=0.15 if columns < 4 else 0.06)
    return figure


def _in_a_square(patches: np.ndarray) -> np.ndarray:
    """Patches in reading order as one square picture, with white lines between them."""
    side, size = math.isqrt(len(patches)), patches.shape[1]
    enlarged = patches.repeat(-(-100 // size), axis=1).repeat(-(-100 // size), axis=2)
    line = enlarged.shape[1] // 16
    framed = np.pad(enlarged, ((0, 0), (0, line), (0, line), (0, 0)), constant_values=1)
    rows = [np.concatenate(list(framed[first : first + side]), axis=1) for first in range(0, side**2, side)]
    return np.concatenate(rows)[:-line, :-line]


def _grid(
    images: Mapping[str, np.ndarray], title: str, columns: int, aspect: float, width: float = 14
) -> Figure:
    rows = -(-len(images) // columns)
    cell = width / columns
    figure = StyledFigure(figsize=(width, rows * (cell * aspect + 0.4) + 0.5), layout="constrained")
    figure.suptitle(title)
    places = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (label, image) in zip(places, images.items(), strict=False):
        axes.imshow(image)
        _set_label(axes, label, letter=label)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


def _set_label(axes: Axes, label: str, letter: str, **options: Any) -> None:
    """What a picture is, in the colour of the letter C or S if it has one of them."""
    axes.set_title(label, color=LIGHT[meaning(letter) or "ink"], **options)


@styled
def feature_maps(image: np.ndarray, maps: Mapping[str, Mapping[str, np.ndarray]], title: str) -> Figure:
    """Feature maps in rows, the picture first in each: bright where the channel fires.

    Args:
        image: shape (1, h, w, 3) in [0, 1].
        maps: for each row its label, to stand above the picture, and for each map of it a label and an array
            of shape (n_H, n_W). The maps of a row share one colour scale.
        title: of the whole figure.
    """
    columns = 1 + max(map(len, maps.values()))
    _, h, w, _ = image.shape
    figure = StyledFigure(figsize=(14, len(maps) * (14 / columns * h / w + 0.35) + 0.5), layout="constrained")
    figure.suptitle(title)
    for row, (label, of_row) in zip(
        figure.subplots(len(maps), columns, squeeze=False), maps.items(), strict=True
    ):
        row[0].imshow(image[0])
        row[0].set_title(label)
        brightest = max(channel.max() for channel in of_row.values()) or 1
        for axes, (name, channel) in zip(row[1:], of_row.items(), strict=False):
            axes.imshow(channel, cmap="magma", vmin=0, vmax=brightest)
            axes.set_title(name)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


@styled
def growing_patches(
    image: np.ndarray, centre: tuple[int, int], sizes: Mapping[str, int], title: str
) -> Figure:
    """One spot of a picture as units of deeper and deeper layers see it.

    Args:
        image: shape (1, h, w, 3) in [0, 1].
        centre: row and column of the spot.
        sizes: side of the patch, in pixels, for each layer's name.
        title: of the whole figure.
    """
    _, h, w, _ = image.shape
    figure = StyledFigure(figsize=(14, 14 / (w / h + len(sizes)) + 1.3), layout="constrained")
    figure.suptitle(title)
    whole, *places = figure.subplots(1, len(sizes) + 1, width_ratios=[w / h] + [1] * len(sizes))
    whole.imshow(image[0])
    whole.set_title(f"the picture, {w}×{h} pixels")
    for axes, (layer, size), colour in zip(places, sizes.items(), cycle(DEPTHS), strict=False):
        top, left = (middle - size // 2 for middle in centre)
        for square_on in (whole, axes):
            square = Rectangle(
                (left - 0.5, top - 0.5), size, size, fill=False, edgecolor=colour, linewidth=3.5
            )
            square.set_path_effects([withStroke(linewidth=6, foreground=LIGHT["ground"])])  # on any picture
            square_on.add_patch(square)
        axes.imshow(image[0])
        axes.set_xlim(left - 0.5, left + size - 0.5)
        axes.set_ylim(top + size - 0.5, top - 0.5)
        axes.set_title(f"{layer}\n{size}×{size}")
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


# ---------------------------------------------------------------------------------------- numbers


@styled
def network_diagram(layers: Mapping[str, tuple[tuple[int, int, int], int]], title: str) -> Figure:
    """The layers from top to bottom: the size of what each gives, and how much of the picture it sees.

    Args:
        layers: for each layer's name, the shape (n_H, n_W, n_C) of its output
            and the side of its receptive field.
        title: of the whole figure.
    """
    figure = StyledFigure(figsize=(14, 8), layout="constrained")
    figure.suptitle(title)
    left, right = figure.subplots(1, 2, sharey=True)
    rows = np.arange(len(layers))
    colours = [DEPTHS[block_of(name) - 1] for name in layers]
    shapes, fields = zip(*layers.values(), strict=True)
    for axes, lengths, texts, label in (
        (
            left,
            [n_H for n_H, _, _ in shapes],
            [f"{h} × {w} × {c}" for h, w, c in shapes],
            "output: n_H × n_W × n_C",
        ),
        (right, fields, [f"{side} × {side}" for side in fields], "receptive field (pixels of the picture)"),
    ):
        axes.barh(rows, lengths, color=colours, height=0.8)
        for row, length, text in zip(rows, lengths, texts, strict=True):
            axes.text(length + max(lengths) * 0.015, row, text, va="center")
        axes.set_xlim(0, max(lengths) * 1.32)
        axes.set_xlabel(label)
    left.set_yticks(rows, list(layers))
    left.invert_yaxis()
    left.set_ylabel("layer, from the picture down")
    return figure


@styled
def heat_maps(
    matrices: Mapping[str, np.ndarray],
    title: str,
    *,
    axis: str = "channel",
    value: str = "value",
    log: bool = False,
) -> Figure:
    """Square matrices side by side on one colour scale.

    Args:
        matrices: for each label an array of shape (n, n).
        title: of the whole figure.
        axis: what a row and a column stand for.
        value: what an entry is.
        log: a logarithmic colour scale, for entries ≥ 0,
            into which all but the smallest hundredth of them fit.
    """
    figure = StyledFigure(figsize=(14, 14 / len(matrices) + 0.4), layout="constrained")
    figure.suptitle(title)
    entries = np.stack(list(matrices.values()))
    least, most = np.quantile(entries[entries > 0], 0.01) if log else entries.min(), entries.max()
    norm = (LogNorm if log else Normalize)(least, most, clip=True)
    places = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axes, (label, matrix) in zip(places, matrices.items(), strict=True):
        image = axes.imshow(matrix, cmap="magma", norm=norm, interpolation="nearest")
        axes.set_title(label)
        axes.set_xlabel(f"{axis} k'")
        axes.set_ylabel(f"{axis} k")
    figure.colorbar(image, ax=figure.axes, shrink=0.8).set_label(value)
    return figure


@styled
def number_table(
    numbers: np.ndarray, rows: Sequence[str], columns: Sequence[str], title: str, *, xlabel: str, ylabel: str
) -> Figure:
    """Numbers ≥ 0 in a table, each cell coloured by its number's logarithm.

    Args:
        numbers: shape (rows, columns).
        rows, columns: the labels.
        title: of the whole figure.
        xlabel, ylabel: what the columns and the rows are.
    """
    figure = StyledFigure(figsize=(12, 1.6 + 0.8 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=points("title"), pad=12)
    axes.spines[:].set_visible(False)
    axes.imshow(
        numbers,
        cmap=LinearSegmentedColormap.from_list("number_table", [LIGHT["ground"], DEPTHS[0]]),
        norm=LogNorm(numbers[numbers > 0].min(), numbers.max(), clip=True),
        aspect="auto",
    )
    for (row, column), number in np.ndenumerate(numbers):
        axes.text(column, row, f"{number:.2g}", ha="center", va="center")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    return figure


@styled
def bars(
    values: Mapping[str, Mapping[str, float]], title: str, *, xlabel: str, ylabel: str, log: bool = False
) -> Figure:
    """Groups of bars.

    Args:
        values: for each series its name, and in it the value for each group's name.
        title: of the figure.
        xlabel, ylabel: what a group and a value are.
        log: a logarithmic axis.
    """
    figure = StyledFigure(figsize=(12, 5), layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / len(values)
    for number, ((name, series), line) in enumerate(zip(values.items(), _lines(values), strict=True)):
        places = np.arange(len(series)) + (number - (len(values) - 1) / 2) * width
        axes.bar(
            places,
            list(series.values()),
            width,
            color=LIGHT[line.colour],
            edgecolor=LIGHT["ground"],
            label=name,
        )
        axes.set_xticks(range(len(series)), list(series))
    if len(values) > 1:
        _name_beside(figure)
    return _finished(figure, axes, title, xlabel, ylabel, log)


@styled
def curves(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str,
    *,
    xlabel: str,
    ylabel: str,
    log: bool = True,
) -> Figure:
    """Lines in one plot.

    Args:
        series: for each line its name, and its x and y values.
        title: of the figure.
        xlabel, ylabel: of the axes.
        log: a logarithmic y axis.
    """
    figure = StyledFigure(figsize=(12, 5.5), layout="constrained")
    axes = figure.add_subplot()
    for (name, (x, y)), line in zip(series.items(), _lines(series), strict=True):
        axes.plot(x, y, **_drawn(line), linewidth=2.5, label=name)
    _name_beside(figure)
    return _finished(figure, axes, title, xlabel, ylabel, log)


def _lines(names: Iterable[str]) -> list[Line]:
    """A line for each name: for J and its terms their own, for the others the rest in turn."""
    names = list(names)
    taken = {meaning(name) for name in names}
    others = cycle([line for line in LINES if line.colour not in taken])
    return [_line_of(name) if meaning(name) else next(others) for name in names]


def _line_of(term: str) -> Line:
    return next(line for line in LINES if line.colour == meaning(term))


def _drawn(line: Line) -> dict:
    return {"color": LIGHT[line.colour], "linestyle": (0, line.dashes) if line.dashes else "-"}


def _finished(figure: Figure, axes: Axes, title: str, xlabel: str, ylabel: str, log: bool) -> Figure:
    if log:
        axes.set_yscale("log")
    axes.set_title(title, fontsize=points("title"))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel + (" (log scale)" if log else ""))
    _rule(axes)
    return figure


def _name_beside(figure: Figure) -> None:
    """The names of the lines or bars to the right of the axes, where they cover none."""
    figure.legend(loc="outside right upper")


def _rule(axes: Axes) -> None:
    """Fine lines across, and finer ones between powers of ten where the axis spans less than two."""
    axes.grid(axis="y")
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log" and high < 100 * low:
        axes.grid(axis="y", which="minor", linewidth=0.4)


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
        line = _drawn(_line_of(term))
        axes.plot(steps, np.ma.masked_less_equal(values, 0), **line, linewidth=width, label=label)
    axes.set_yscale("log")
    _mark_pieces(axes, pieces)
    if not compact:
        axes.set_title(f"The cost J = {' + '.join(list(terms)[1:])}", fontsize=points("title"))
    letters = points("large" if compact else "body")
    axes.set_xlabel("step", fontsize=letters)
    axes.set_ylabel("cost (log scale)", fontsize=letters)
    axes.tick_params(labelsize=letters if compact else None)
    _rule(axes)
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


def _mark_pieces(axes: Axes, pieces: list[list[Costs]]) -> None:
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
    _leave_room_below(axes, max((len(text.get_text()) for text in axes.texts), default=0))


def _leave_room_below(axes: Axes, letters: int) -> None:
    """Lower the y axis's end, so that upright words of so many letters stand below the curves."""
    height = axes.get_figure().get_figheight() - 1.5
    share = min(0.45, 0.62 * letters * points("small") / 72 / height)
    low, high = axes.get_ylim()
    axes.set_ylim(high * (low / high) ** (1 / (1 - share)), high)


def _size(row: Costs) -> str:
    return f"{row.size} px"


def _ratio(row: Costs) -> str:
    return f"β/α = {row.beta / row.alpha:.2g}" if row.alpha else "α = 0"


def _gamma(row: Costs) -> str:
    return f"γ = {row.gamma:.2g}"
