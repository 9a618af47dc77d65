"""What is measured of a picture, as functions of arrays alone: grain, style and content.

Images are arrays (h, w, 3) of RGB in [0, 1]; activations have shape (n_H, n_W, n_C).
"""

import itertools
from collections.abc import Sequence

import numpy as np

DIRECTIONS = 64  # enough that another seed changes the style by only 2 %: benchmarks/README.md
LUMINANCE = np.array([0.299, 0.587, 0.114])  # of R, G, B: ITU-R BT.601


# --------------------------------------------------------------------------------------- grain


def grain(image: np.ndarray) -> float:
    """Root mean square of ``fine_response``, in levels of 255."""
    return float(255 * np.sqrt(np.mean(np.square(fine_response(image)))))


def median_grain(image: np.ndarray) -> float:
    """Median of the absolute ``fine_response``, in levels of 255: edges, which are few, don't dominate it."""
    return float(255 * np.median(np.abs(fine_response(image))))


def fine_response(image: np.ndarray) -> np.ndarray:
    """Each channel convolved with [[1, −2, 1], [−2, 4, −2], [1, −2, 1]] / 16, without a border.

    It responds to what changes from pixel to pixel in both directions. Noise of variance σ² gives it the
    variance 36/256 σ², as Σ k² = 36/256.

    Args:
        image: shape (h, w, 3), or (h, w).

    Returns:
        An array of shape (h − 2, w − 2, 3), or (h − 2, w − 2).
    """
    x = np.asarray(image, np.float64)
    across = x[:, :-2] - 2 * x[:, 1:-1] + x[:, 2:]
    return (across[:-2] - 2 * across[1:-1] + across[2:]) / 16  # the kernel is (1, −2, 1) times its transpose


# --------------------------------------------------------------------------------------- style


def unit_vectors(number: int, n_C: int, seed: int = 0) -> np.ndarray:
    """Random directions, the same ones for every picture: shape (number, n_C), each of length 1."""
    vectors = np.random.default_rng(seed).standard_normal((number, n_C))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sorted_projections(a: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The activations of all positions along each direction, in ascending order.

    Args:
        a: shape (n_H, n_W, n_C).
        directions: shape (number, n_C).

    Returns:
        An array of shape (number, n_H · n_W).
    """
    positions = a.reshape(-1, a.shape[-1])
    return np.sort((positions @ directions.T.astype(a.dtype)).T, axis=1)


def sliced_wasserstein(of_a: np.ndarray, of_b: np.ndarray) -> float:
    """Mean distance of two sets of activations: how far one must move along a direction to match the other.

    Along a direction it is the Wasserstein distance of order 1, ∫ |F₁⁻¹(q) − F₂⁻¹(q)| dq over all quantiles.
    Sets of different sizes are compared at the quantiles of the smaller one.

    Args:
        of_a, of_b: what ``sorted_projections`` gives for the same directions.

    Source: Rabin, Peyré, Delon and Bernot, "Wasserstein Barycenter and Its Application to Texture Mixing"
    (2011); Heitz et al., "A Sliced Wasserstein Loss for Neural Texture Synthesis" (2021).
    """
    number = min(of_a.shape[1], of_b.shape[1])
    return float(np.mean(np.abs(_quantiles(of_a, number) - _quantiles(of_b, number))))


def _quantiles(ascending: np.ndarray, number: int) -> np.ndarray:
    """Each row at the quantiles (i + ½)/number, interpolated if it has more values than that."""
    given = ascending.shape[1]
    if given == number:
        return ascending
    where = (np.arange(number) + 0.5) * given / number - 0.5
    below = where.astype(int)
    above = np.minimum(below + 1, given - 1)
    return ascending[:, below] + (where - below) * (ascending[:, above] - ascending[:, below])


def style_distance(G: Sequence[np.ndarray], S: Sequence[np.ndarray], C: Sequence[np.ndarray]) -> float:
    """How far G is from S, relative to how far C is: 0 is S's own statistics, 1 is as far as the photograph.

    The ratio is taken at each layer and then averaged, so that all layers count equally.

    Args:
        G, S, C: for each layer, what ``sorted_projections`` gives.
    """
    return float(
        np.mean(
            [sliced_wasserstein(g, s) / sliced_wasserstein(c, s) for g, s, c in zip(G, S, C, strict=True)]
        )
    )


# --------------------------------------------------------------------------------------- content


def relative_feature_error(a_G: np.ndarray, a_C: np.ndarray) -> float:
    """‖a_G − a_C‖ / ‖a_C‖: 0 is C itself."""
    return float(np.linalg.norm(a_G - a_C) / np.linalg.norm(a_C))


def edge_correlation(G: np.ndarray, C: np.ndarray) -> float:
    """Pearson's correlation of the two pictures' edges, from −1 to 1 (1: all edges are where C has them).

    Where one of them has no edges at all, or the same everywhere, it is 0.
    """
    of_G, of_C = (edges(image) - edges(image).mean() for image in (G, C))
    norms = np.linalg.norm(of_G) * np.linalg.norm(of_C)
    return float(np.sum(of_G * of_C) / norms) if norms > 1e-12 else 0.0


def edges(image: np.ndarray) -> np.ndarray:
    """Length of the luminance's gradient, from differences of the neighbours on both sides: shape (h, w)."""
    return np.hypot(*np.gradient(np.asarray(image, np.float64) @ LUMINANCE))


# ------------------------------------------------------------------------- at equal content error


def at_error(error: float, errors: Sequence[float], values: Sequence[float]) -> float | None:
    """A measure at a given content error, on a straight line between the two weights around it.

    Args:
        error: at which to compare.
        errors: the content error of each weight, in the order of the weights.
        values: the measure of each weight, likewise.

    Returns:
        The value, or None where no two neighbouring weights have the error between them: nothing is
        extrapolated. If several do, the smallest weights win.
    """
    points = itertools.pairwise(zip(errors, values, strict=True))
    for (before, low), (after, high) in points:
        if min(before, after) <= error <= max(before, after):
            return low if before == after else low + (high - low) * (error - before) / (after - before)
    return None
