"""The figures. Each function returns a Matplotlib figure; nothing here opens a window."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nst_tf.images import Source, load_image

BLUE, ORANGE = "#0072b2", "#d55e00"  # told apart by colour-blind eyes too


def triptych(content: Source, style: Source, generated: Source) -> Figure:
    """C + S → G: the three pictures of a style transfer side by side, at the same height.

    Args:
        content, style, generated: what ``nst_tf.load_image`` takes.
    """
    pictures = [load_image(source)[0] for source in (content, style, generated)]
    aspects = [picture.shape[1] / picture.shape[0] for picture in pictures]
    gap = 0.3  # for the sign between two pictures, in heights of a picture
    width = 14
    height = width / (sum(aspects) + 2 * gap)
    figure = Figure(figsize=(width, height + 0.4))
    grid = figure.add_gridspec(
        1,
        5,
        width_ratios=[aspects[0], gap, aspects[1], gap, aspects[2]],
        wspace=0,
        left=0.005,
        right=0.995,
        bottom=0.01,
        top=height / (height + 0.4),
    )
    for column, picture, title in zip((0, 2, 4), pictures, ("Content C", "Style S", "Generated G"), strict=True):
        axes = figure.add_subplot(grid[column])
        axes.imshow(picture)
        axes.set_title(title, fontsize=16)
        axes.set_axis_off()
    for column, sign in ((1, "+"), (3, "→")):
        axes = figure.add_subplot(grid[column])
        axes.text(0.5, 0.5, sign, fontsize=28, ha="center", va="center")
        axes.set_axis_off()
    return figure


def picture_grid(pictures: Sequence[Source], labels: Sequence[str], title: str, columns: int) -> Figure:
    """Pictures in rows, each with its label above it: what one knob does.

    Args:
        pictures: what ``nst_tf.load_image`` takes, all of one size.
        labels: one for each picture.
        title: of the whole figure.
        columns: pictures in a row.
    """
    images = [load_image(picture)[0] for picture in pictures]
    height, width, _ = images[0].shape
    rows = -(-len(images) // columns)
    cell = 14 / columns
    figure = Figure(figsize=(14, rows * (cell * height / width + 0.35) + 0.4), layout="constrained")
    figure.suptitle(title, fontsize=18)
    for axes, image, label in zip(figure.subplots(rows, columns, squeeze=False).flat, images, labels, strict=False):
        axes.imshow(image)
        axes.set_title(label, fontsize=14)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


def cost_curves(history: Sequence, alpha: float, beta: float) -> Figure:
    """J, α J_content and β J_style against the step, on a log axis.

    The two terms are drawn with their weights, as they stand in J, so that one sees which of them leads.

    Args:
        history: rows with ``step``, ``J``, ``J_content`` and ``J_style``, as a ``Result`` has them.
        alpha: α of the run.
        beta: β of the run.
    """
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.add_subplot()
    steps = [row.step for row in history]
    curves = [
        ("J", [row.J for row in history], "black", 2.5),
        (f"α J_content, α = {alpha:g}", [alpha * row.J_content for row in history], BLUE, 1.8),
        (f"β J_style, β = {beta:g}", [beta * row.J_style for row in history], ORANGE, 1.8),
    ]
    for label, values, colour, width in curves:
        axes.plot(steps, np.ma.masked_less_equal(values, 0), color=colour, linewidth=width, label=label)
    axes.set_yscale("log")
    axes.set_title("The cost J = α J_content + β J_style", fontsize=15)
    axes.set_xlabel("step", fontsize=13)
    axes.set_ylabel("cost (log scale)", fontsize=13)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=12)
    return figure
