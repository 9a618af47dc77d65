"""Activations without their places: each position is a point, and a picture is a cloud of points."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.patheffects import AbstractPathEffect, withStroke

from nst_tf.palette import LIGHT, meaning
from nst_tf.plots.style import StyledFigure, set_label, styled


def most_different_pair(one: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    """The two channels whose mean product differs most between two clouds.

    Args:
        one, other: activations, of shape (positions, n_C); the numbers of positions may differ.

    Returns:
        Their indices k < k'.
    """
    gap = np.abs(_mean_products(one) - _mean_products(other))  # (n_C, n_C)
    k, k_other = np.unravel_index(np.argmax(np.triu(gap, 1)), gap.shape)
    return int(k), int(k_other)


def _mean_products(points: np.ndarray) -> np.ndarray:
    return points.T @ points / len(points)


@styled
def channel_clouds(clouds: Mapping[str, np.ndarray], title: str, *, xlabel: str, ylabel: str) -> Figure:
    """Clouds of points side by side on the same axes, each with its mean and covariance.

    The mean is a cross, and the ellipse has the covariance's axes, one standard deviation long each way.
    The last cloud's ellipse is drawn in the others, too, dashed.

    Args:
        clouds: for each label an array of shape (points, 2).
        title: of the whole figure.
        xlabel, ylabel: what the two numbers of a point are.
    """
    figure = StyledFigure(figsize=(14, 5.4), layout="constrained")
    figure.suptitle(title)
    *_, last = clouds
    places = figure.subplots(1, len(clouds), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (label, points) in zip(places, clouds.items(), strict=True):
        axes.scatter(*points.T, s=8, alpha=0.3, linewidths=0, color=_colour(label))
        if label != last:
            _outline(axes, clouds[last], _colour(last), "--")
        _outline(axes, points, _colour(label), "-")
        set_label(axes, label, letter=label[:1])
        axes.set_xlabel(xlabel)
    places[0].set_ylabel(ylabel)
    return figure


def _colour(label: str) -> str:
    return LIGHT[meaning(label[:1]) or "ink"]


def _outline(axes: Axes, points: np.ndarray, colour: str, line: str) -> None:
    variances, directions = np.linalg.eigh(np.cov(points.T))
    width, height = 2 * np.sqrt(variances)
    angle = np.degrees(np.arctan2(directions[1, 0], directions[0, 0]))
    mean = points.mean(axis=0)
    # so that they stand out from the points
    halo: list[AbstractPathEffect] = [withStroke(linewidth=6, foreground=LIGHT["ground"])]
    ellipse = Ellipse(mean, width, height, angle=angle, fill=False, ls=line, lw=3, color=colour)
    ellipse.set_path_effects(halo)
    axes.add_patch(ellipse)
    axes.plot(*mean, color=colour, marker="+", markersize=16, markeredgewidth=3, path_effects=halo)
