"""Figures made of pictures: images, patches and feature maps."""

import math
from collections.abc import Mapping
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from nst_tf.images import Source, load_image
from nst_tf.palette import DEPTHS, LIGHT, points
from nst_tf.plots.style import StyledFigure, set_label, styled


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
        set_label(axes, name, letter=name[-1], fontsize=points("large"))
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
        set_label(axes, label, letter=label)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


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
