"""Figures made of numbers: tables, bars, lines, matrices."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.figure import Figure

from nst_tf.layers import block_of
from nst_tf.palette import DEPTHS, LIGHT, points
from nst_tf.plots.style import StyledFigure, drawn, finished, lines_for, name_beside, styled


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
    for number, ((name, series), line) in enumerate(zip(values.items(), lines_for(values), strict=True)):
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
        name_beside(figure)
    return finished(figure, axes, title, xlabel, ylabel, log)


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
    for (name, (x, y)), line in zip(series.items(), lines_for(series), strict=True):
        axes.plot(x, y, **drawn(line), linewidth=2.5, label=name)
    name_beside(figure)
    return finished(figure, axes, title, xlabel, ylabel, log)
