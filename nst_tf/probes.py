"""What a layer sees: its receptive field, the patches that excite its units,
and images made from its activations.

A *unit* is one channel of a layer. At each position of the layer's output it looks at another square of the
picture, its receptive field there.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from nst_tf.images import preprocess
from nst_tf.layers import CONV_LAYERS, block_of
from nst_tf.optimizers import lbfgs, next_image
from nst_tf.vgg import get_layer_outputs


class ReceptiveField(NamedTuple):
    """The square of input pixels that a unit sees.

    All numbers are in pixels, and the same in both directions.

    Attributes:
        size: side of the square.
        stride: how far it moves from one position of the layer's output to the next.
        start: where it begins at the output's first position: negative, for it begins in the padding.
    """

    size: int
    stride: int
    start: int


def receptive_field(layer: str) -> ReceptiveField:
    """The receptive field of a convolution of VGG-19.

    A 3×3 convolution widens it by two steps of its input, a 2×2 pooling by one and doubles the stride.

    Raises:
        ValueError: VGG-19 has no convolution of that name.
    """
    _require_layer(layer)
    size, stride, start = 1, 1, 0
    block = 1
    for name in CONV_LAYERS:
        if block_of(name) > block:
            size, stride, block = size + stride, 2 * stride, block + 1
        size, start = size + 2 * stride, start - stride
        if name == layer:
            break
    return ReceptiveField(size, stride, start)


def positions_inside(layer: str, side: int) -> slice:
    """The rows (or columns) of a layer's output at which a unit sees nothing but the picture.

    At all others its receptive field reaches beyond the border, where it sees the zeros of the padding.

    Args:
        layer: name of a convolution.
        side: height (or width) of the picture in pixels.

    Raises:
        ValueError: VGG-19 has no convolution of that name, or the picture has no place for its field.
    """
    size, stride, start = receptive_field(layer)
    first, last = -(start // stride), (side - size - start) // stride
    if last < first:
        raise ValueError(
            f"A unit of {layer} sees {size} pixels in each direction: nowhere in a picture of {side} pixels "
            f"does it see nothing but the picture."
        )
    return slice(first, last + 1)


class Excitement(NamedTuple):
    """How strongly images excite the units of a layer, and where most.

    Attributes:
        activation: each unit's highest activation in each image, shape (images, n_C), wherever its receptive
            field lies inside the image.
        row, column: the position of it in the layer's output, each of the same shape.
    """

    activation: np.ndarray
    row: np.ndarray
    column: np.ndarray


def excitement(
    model: tf.keras.Model, layers: Sequence[str], images: Sequence[np.ndarray], *, progress: bool = True
) -> dict[str, Excitement]:
    """Look for the strongest activation of every unit in every image, in several layers at once.

    Only positions count at which the receptive field lies inside the image: elsewhere a unit may be excited
    by the zeros beyond the border.

    Args:
        model: VGG-19, as ``load_vgg19`` gives it.
        layers: names of convolutions.
        images: arrays of shape (1, h, w, 3) in [0, 1], as ``load_image`` gives them; they may differ in size.
        progress: show a progress bar.

    Returns:
        What was found, by the name of the layer.

    Raises:
        ValueError: VGG-19 has no convolution of that name, there are no layers or images, or an image is
            without a place for a receptive field.
    """
    for layer in layers:
        _require_layer(layer)
    if not len(layers) or not len(images):
        raise ValueError("There is nothing to look at: give at least one layer and one image.")
    outputs = get_layer_outputs(model, [(layer, 1) for layer in layers])
    found = []
    for image in tqdm(images, "images", disable=not progress, leave=False):
        activations = outputs(preprocess(image))
        activations = activations if len(layers) > 1 else [activations]
        found.append(
            [_strongest(a, layer, image.shape) for a, layer in zip(activations, layers, strict=True)]
        )
    return {
        layer: Excitement(*(np.stack(values) for values in zip(*of_layer, strict=True)))
        for layer, of_layer in zip(layers, zip(*found, strict=True), strict=True)
    }


def _strongest(a: tf.Tensor, layer: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each unit's highest activation inside the image, and its row and column: each of shape (n_C,)."""
    rows, columns = (positions_inside(layer, side) for side in shape[1:3])
    inside = a[0, rows, columns].numpy()
    n_H, n_W, n_C = inside.shape
    unrolled = inside.reshape(n_H * n_W, n_C)
    where = unrolled.argmax(axis=0)
    row, column = np.unravel_index(where, (n_H, n_W))
    return unrolled[where, np.arange(n_C)], row + rows.start, column + columns.start


def exciting_patches(
    model: tf.keras.Model,
    layer: str,
    units: Sequence[int],
    images: Sequence[np.ndarray],
    k: int = 9,
    *,
    found: Excitement | None = None,
) -> np.ndarray:
    """The k patches, at most one an image, that excite each unit most, the strongest first.

    A patch is what the unit sees: cut out at its receptive field's size and position, inside the image.

    Args:
        model: VGG-19, as ``load_vgg19`` gives it.
        layer: name of a convolution.
        units: numbers of channels, from 0 to n_C − 1.
        images: arrays of shape (1, h, w, 3) in [0, 1].
        k: patches for each unit, at most as many as there are images.
        found: what ``excitement`` found for this layer and these images, to spare looking again.

    Returns:
        Shape (units, k, size, size, 3), in [0, 1].

    Raises:
        ValueError: VGG-19 has no such layer or unit, there are fewer than k images, or an image is smaller
            than the receptive field.

    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), fig. 2.
    """
    _require_layer(layer)
    n_C = CONV_LAYERS[layer][1]
    if unknown := [unit for unit in units if not 0 <= unit < n_C]:
        raise ValueError(f"{layer} has no unit {unknown[0]}: its units are 0 to {n_C - 1}.")
    if not 1 <= k <= len(images):
        raise ValueError(
            f"k is {k}, and there are {len(images)} images: a patch is taken from each image at most once."
        )
    found = found or excitement(model, [layer], images)[layer]
    if found.activation.shape != (len(images), n_C):
        raise ValueError(
            f"found is for {found.activation.shape[0]} images and {found.activation.shape[1]} units: "
            f"expected {len(images)} and {n_C}, those of {layer}."
        )
    field = receptive_field(layer)
    patches = [
        [
            _patch(images[image][0], field, found.row[image, unit], found.column[image, unit])
            for image in np.argsort(-found.activation[:, unit], kind="stable")[:k]
        ]
        for unit in units
    ]
    return np.array(patches)


def _patch(image: np.ndarray, field: ReceptiveField, row: int, column: int) -> np.ndarray:
    """What a unit sees at one position of its layer's output: shape (size, size, 3)."""
    top, left = (field.start + field.stride * position for position in (row, column))
    return image[top : top + field.size, left : left + field.size]


def selectivity(activation: np.ndarray, k: int = 9) -> np.ndarray:
    """How much more the k-th best image excites each unit than the average image does.

    Args:
        activation: each unit's highest activation in each image, shape (images, n_C), as in ``Excitement``.
        k: images.

    Returns:
        Each unit's k-th strongest activation divided by its mean, shape (n_C,); 0 for a unit
        that no image excites.

    Raises:
        ValueError: there are fewer than k images, or k is below 1.
    """
    _require_images(k, len(activation))
    mean = activation.mean(axis=0)
    return np.sort(activation, axis=0)[-k] / np.where(mean > 0, mean, 1)


def agreement(patches: np.ndarray, mean: float) -> np.ndarray:
    """How alike the patches of each unit are, pixel by pixel.

    Args:
        patches: shape (units, k, size, size, 3) in [0, 1], as ``exciting_patches`` gives them.
        mean: of the images that they were cut from, over all pixels and colours.

    Returns:
        The mean cosine of the angle between two patches of a unit, shape (units,), after subtracting
        the mean.

    Raises:
        ValueError: there is only one patch for each unit.
    """
    units, k = patches.shape[:2]
    if k < 2:
        raise ValueError(f"patches has {k} for each unit: give at least two, to compare them.")
    vectors = patches.reshape(units, k, -1) - np.float32(mean)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True) + 1e-6
    cosines = vectors @ vectors.transpose(0, 2, 1)  # (units, k, k), with ones on the diagonal
    return (cosines.sum(axis=(1, 2)) - np.trace(cosines, axis1=1, axis2=2)) / (k * (k - 1))


def best_units(
    score: np.ndarray, activation: np.ndarray, count: int, k: int = 9, *, most_shared: int = 3
) -> list[int]:
    """The units of the highest score that are excited by different images.

    Args:
        score: of each unit, shape (n_C,).
        activation: each unit's highest activation in each image, shape (images, n_C), as in ``Excitement``.
        count: units wanted.
        k: images that excite a unit most.
        most_shared: a unit is passed over if more than so many of its k images are also a better unit's.

    Returns:
        At most ``count`` units, the best first; fewer if the others share too many images.

    Raises:
        ValueError: there are fewer than k images, or k is below 1.
    """
    _require_images(k, len(activation))
    strongest = np.argsort(-activation, axis=0, kind="stable")[:k]
    units: list[int] = []
    for unit in np.argsort(-score, kind="stable"):
        shared = [len(np.intersect1d(strongest[:, unit], strongest[:, other])) for other in units]
        if max(shared, default=0) <= most_shared:
            units.append(int(unit))
        if len(units) == count:
            break
    return units


def _require_images(k: int, images: int) -> None:
    if not 1 <= k <= images:
        raise ValueError(f"k is {k}, and there are {images} images: give 1 to {images}.")


class Reconstruction(NamedTuple):
    """What ``reconstruct`` found.

    Attributes:
        image: the image of the lowest cost, shape (1, h, w, 3) in [0, 1].
        costs: the cost at each evaluation, from the start on.
    """

    image: np.ndarray
    costs: list[float]


def reconstruct(
    cost: Callable[[tf.Tensor], tf.Tensor],
    start: np.ndarray,
    steps: int = 60,
    *,
    name: str = "",
    progress: bool = True,
) -> Reconstruction:
    """Find an image for which a cost is low, starting from another, such as noise.

    What the image shows is what the cost cares about: with the content cost of one layer, all that this layer
    knows of the picture; with a style cost, the texture.

    Args:
        cost: a function from an image, (1, h, w, 3) in [0, 1], to a scalar. It may use anything that
            ``tf.function`` can trace and ``tf.GradientTape`` differentiate.
        start: the image to start from, shape (1, h, w, 3) in [0, 1].
        steps: evaluations of the cost and its gradient, by L-BFGS.
        name: shown beside the progress bar.
        progress: show a progress bar.

    Raises:
        ValueError: the cost doesn't depend on the image, or is not finite at the start.

    Source: Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them" (2015);
    Gatys et al. 2015, fig. 1.
    """

    @tf.function
    def cost_and_gradient(G: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        with tf.GradientTape() as tape:
            tape.watch(G)
            J = cost(G)
        return J, tape.gradient(J, G)

    costs: list[float] = []
    best, images = start, lbfgs(np.asarray(start, np.float32))
    with (
        tqdm(total=steps, desc=name, disable=not progress, leave=False) as bar,
        contextlib.suppress(KeyboardInterrupt),
    ):
        G: np.ndarray | None = next(images)
        while G is not None:
            cost_of_G, gradient = cost_and_gradient(tf.constant(G))
            if gradient is None:
                raise ValueError(
                    "The cost does not depend on the image: compute it from the image that it is given."
                )
            J, gradient = float(cost_of_G), gradient.numpy()
            if not (np.isfinite(J) and np.isfinite(gradient).all()):
                if not costs:
                    raise ValueError("The cost is not a finite number at the start.")
                break
            if J < min(costs, default=np.inf):
                best = G
            costs.append(J)
            if len(costs) > steps:
                break
            bar.update(len(costs) - 1 - bar.n)
            bar.set_postfix_str(f"cost = {J:.3g}", refresh=False)
            G = next_image(images, J, gradient)
    return Reconstruction(best, costs)


def _require_layer(layer: str) -> None:
    if layer not in CONV_LAYERS:
        raise ValueError(f"VGG-19 has no convolution {layer!r}: choose among {', '.join(CONV_LAYERS)}.")
