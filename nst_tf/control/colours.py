"""Whose colours G has: the painting's, the photograph's, or the painting's brought near the photograph's.

Source: Gatys, Bethge, Hertzmann and Shechtman, "Preserving Color in Neural Artistic Style Transfer" (2016).
"""

import numpy as np

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: the Y of YIQ
LEAST_VARIANCE = 1e-5  # of colours along one direction: less is rounding, which must not be blown up


def luminance(image: np.ndarray) -> np.ndarray:
    """How light each pixel is, 0.299 R + 0.587 G + 0.114 B.

    Args:
        image: shape (1, h, w, 3) in [0, 1].

    Returns:
        Shape (1, h, w, 1) in [0, 1].
    """
    return (image @ np.array(LUMA, image.dtype))[..., np.newaxis]


def grey(image: np.ndarray) -> np.ndarray:
    """The image (1, h, w, 3) without colours: each channel is its luminance."""
    return np.clip(np.repeat(luminance(image), 3, axis=-1), 0, 1)


def chroma(image: np.ndarray) -> np.ndarray:
    """What an image has besides its luminance, shape (1, h, w, 3)."""
    return image - luminance(image)


def with_chroma(image: np.ndarray, of_another: np.ndarray) -> np.ndarray:
    """The luminance of one image with the chroma of another, clipped to [0, 1]. Paper: section 5."""
    return np.clip(luminance(image) + of_another, 0, 1)


def grey_like(
    S: np.ndarray, C: np.ndarray, part: np.ndarray | None = None, region: np.ndarray | None = None
) -> np.ndarray:
    """S without colours, with the mean and the deviation of C's luminance: arguments as of ``matched``.

    Source: Gatys et al. 2016, eq. 10.
    """
    light = luminance(S)
    mean_S, covariance_S = _mean_and_covariance(light, part)
    mean_C, covariance_C = _mean_and_covariance(luminance(C), region)
    factor = np.sqrt(covariance_C / np.maximum(covariance_S, LEAST_VARIANCE)).item()
    return np.clip(np.repeat((light - mean_S) * factor + mean_C, 3, axis=-1), 0, 1).astype(S.dtype)


def matched(
    S: np.ndarray, C: np.ndarray, part: np.ndarray | None = None, region: np.ndarray | None = None
) -> np.ndarray:
    """S with its colours moved so that their mean and covariance are C's, and then clipped to [0, 1].

    x ↦ Σ_C^½ Σ_S^−½ (x − μ_S) + μ_C, with symmetric roots of the covariance matrices. Eigenvalues count as at
    least 1e-5, so a painting of hardly any colours keeps to hardly any.

    Args:
        S, C: images, shape (1, h, w, 3) in [0, 1].
        part: how much each pixel of S counts, shape (h, w); None: all alike.
        region: likewise of C.

    Source: Gatys et al. 2016, eq. 1 to 6, with the roots of "Image Analogies" (Hertzmann et al. 2001).
    """
    matrix, shift = _affine(S, C, part, region)
    return np.clip(S @ matrix + shift, 0, 1).astype(S.dtype)


def _affine(
    S: np.ndarray, C: np.ndarray, part: np.ndarray | None, region: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The matrix and the shift of the map, for colours in rows."""
    mean_S, covariance_S = _mean_and_covariance(S, part)
    mean_C, covariance_C = _mean_and_covariance(C, region)
    matrix = _power(covariance_S, -0.5) @ _power(covariance_C, 0.5)
    return matrix, mean_C - mean_S @ matrix


def _mean_and_covariance(image: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance matrix of the pixels' channels."""
    pixels = image.reshape(-1, image.shape[-1]).astype(np.float64)
    w = np.ones(len(pixels)) if weights is None else weights.ravel().astype(np.float64)
    mean = w @ pixels / w.sum()
    centred = pixels - mean
    return mean, (centred * w[:, np.newaxis]).T @ centred / w.sum()


def _power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    """Of a symmetric matrix, with eigenvalues of at least ``LEAST_VARIANCE``."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, LEAST_VARIANCE) ** exponent) @ vectors.T
