"""The cost functions of neural style transfer, and nothing else.

C, S and G are the content, style and generated image; ``a_C``, ``a_S`` and ``a_G`` are what one
layer of VGG-19 makes of them: activations of shape (1, n_H, n_W, n_C). From these,

    J_content = 1 / (4 n_H n_W n_C) · Σ (a_C − a_G)²
    J_style   = Σ_l λ_l J_style^[l],  with  J_style^[l] = 1 / (4 n_C² (n_H n_W)²) · Σ (G_S − G_G)²
    J         = α J_content + β J_style

where G_S and G_G are Gram matrices. Source: Gatys, Ecker and Bethge, "A Neural Algorithm of Artistic
Style" (2015), equations 1, 3, 4, 5 and 7, with the constant factors of the deep-learning course. The
program adds γ J_tv to J, the total variation of the image itself, which keeps it smooth. In place of Gram
matrices it can also compare the mean and the standard deviation of each channel.

Where the program needs these in sums over parts of a picture, or with a faster gradient, they are written
again in ``terms.py``, and tests hold the two equal.

All functions keep the dtype (float32 or float64), can be differentiated, and work eagerly and inside
``tf.function``. A wrong input is a ``ValueError`` that says what came and what was expected.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from nst_tf.layers import STYLE_LAYERS

__all__ = [
    "STYLE_LAYERS",
    "channel_moments",
    "compute_content_cost",
    "compute_layer_style_cost",
    "compute_style_cost",
    "gram_matrix",
    "guided_gram_matrix",
    "moments_distance",
    "total_cost",
    "total_variation_cost",
]

Tensor: TypeAlias = tf.Tensor | np.ndarray
Outputs: TypeAlias = Sequence[Tensor] | Tensor  # of several layers
StyleLayers: TypeAlias = Sequence[tuple[str, float]]

VARIANCE_FLOOR = 1e-5  # added to variances under the root


def compute_content_cost(content_output: Outputs, generated_output: Outputs) -> tf.Tensor:
    """J_content: how far G's activations are from C's at the content layer.

    Args:
        content_output: outputs of layers for C, the content layer's **last** (a list, a tuple or a
            rank-5 tensor), or that one output itself: a_C, of shape (1, n_H, n_W, n_C).
        generated_output: the same for G.

    Returns:
        A scalar ≥ 0: ``1/(4·n_H·n_W·n_C) · Σ (a_C − a_G)²``.

    Raises:
        ValueError: an activation is not of rank 4, the batch is not 1, or a_C and a_G differ in
            shape or dtype.

    Source: Gatys et al. 2015, eq. 1 (which has the factor ½).
    """
    a_C = _floating(_content_layer_of(content_output), "a_C")
    a_G = _floating(_content_layer_of(generated_output), "a_G")
    _require_activations(a_C, a_G, "a_C", "a_G")
    if not a_C.shape.is_compatible_with(a_G.shape):
        raise ValueError(
            f"a_C has shape {a_C.shape} and a_G {a_G.shape}: the content cost compares them entry by "
            "entry, so both must be (1, n_H, n_W, n_C) of the same size."
        )
    _require_same_dtype(a_C, a_G, "a_C", "a_G")
    entries = tf.cast(tf.size(a_G, out_type=tf.int64), a_G.dtype)  # n_H · n_W · n_C, as the batch is 1
    return tf.reduce_sum(tf.square(a_C - a_G)) / (4 * entries)


def gram_matrix(A: Tensor) -> tf.Tensor:
    """Gram matrix ``A Aᵀ``: entry (k, k') says how strongly channels k and k' fire together.

    Args:
        A: shape (n_C, n_H·n_W), one channel in each row.

    Returns:
        Shape (n_C, n_C), symmetric: ``G_kk' = Σ_i A_ki A_k'i``.

    Raises:
        ValueError: A is not of rank 2.

    Source: Gatys et al. 2015, eq. 3.
    """
    A = _floating(A, "A")
    _require_rows(A, "gram_matrix")
    return tf.matmul(A, A, transpose_b=True)


def guided_gram_matrix(A: Tensor, mask: Tensor) -> tf.Tensor:
    """Gram matrix of a part of the positions: ``(A∘m)(A∘m)ᵀ / Σ m²``.

    Args:
        A: shape (n_C, n_H·n_W), one channel in each row.
        mask: m, shape (n_H·n_W): how much each position counts, as a rule from 0 to 1.

    Returns:
        Shape (n_C, n_C). With a mask of ones it is ``gram_matrix(A) / (n_H·n_W)``.

    Raises:
        ValueError: A is not of rank 2, or mask not of rank 1, they differ in the number of positions or in
            dtype, or the mask is 0 everywhere.

    Source: Gatys, Ecker, Bethge, Hertzmann and Shechtman, "Controlling Perceptual Factors in Neural Style
    Transfer" (2017), eq. 6 and 7.
    """
    A, mask, total = _masked(A, mask)
    return gram_matrix(A * mask) / total


def gram_matrix_per_position(a: Tensor) -> tf.Tensor:
    """Gram matrix of a layer's activations, divided by the number of positions.

    Args:
        a: shape (1, n_H, n_W, n_C).

    Returns:
        Shape (n_C, n_C): ``gram_matrix(A) / (n_H·n_W)``, where A is ``a`` unrolled, one channel in each row.
    """
    positions = tf.reshape(a, [-1, tf.shape(a)[-1]])  # (n_H·n_W, n_C), which is Aᵀ
    return tf.matmul(positions, positions, transpose_a=True) / tf.cast(tf.shape(positions)[0], a.dtype)


def gram_distance(gram_S: tf.Tensor, gram_G: tf.Tensor) -> tf.Tensor:
    """J_style^[l] from the two Gram matrices per position, each (n_C, n_C):
    ``1/(4·n_C²) · Σ (G_S − G_G)²``.
    """
    n_C = tf.cast(tf.shape(gram_G)[-1], gram_G.dtype)
    return tf.reduce_sum(tf.square(gram_S - gram_G)) / (4 * n_C**2)


def channel_moments(A: Tensor, mask: Tensor | None = None) -> tf.Tensor:
    """Mean and standard deviation of each channel, which say nothing about channels that fire together.

    Args:
        A: shape (n_C, n_H·n_W), one channel in each row.
        mask: m, shape (n_H·n_W): how much each position counts, as in ``guided_gram_matrix``. None: all
            count alike.

    Returns:
        Shape (2, n_C): ``μ_k = Σ_i w_i A_ki``, and below it ``σ_k = √(Σ_i w_i (A_ki − μ_k)² + 10⁻⁵)``, where
        w is ``m² / Σ m²``, which is 1/(n_H·n_W) with a mask of ones. The 10⁻⁵ keeps σ differentiable where
        a channel is constant.

    Raises:
        ValueError: as ``gram_matrix`` and ``guided_gram_matrix``.

    Source: Huang and Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization"
    (2017), eq. 5 and 6, for one image.
    """
    if mask is None:
        A = _floating(A, "A")
        _require_rows(A, "channel_moments")
        return moments_over_positions(tf.transpose(A))
    A, mask, total = _masked(A, mask)
    return moments_over_positions(tf.transpose(A), tf.square(mask)[:, tf.newaxis] / total)


def moments_over_positions(positions: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
    """``channel_moments`` of activations with one position in each row.

    Args:
        positions: shape (n_H·n_W, n_C), which is Aᵀ.
        weights: w, shape (n_H·n_W, 1), with a sum of 1. None: all are alike.

    Returns:
        Shape (2, n_C).
    """

    def average(values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(values, 0) if weights is None else tf.reduce_sum(weights * values, 0)

    mean = average(positions)
    variance = average(tf.square(positions - mean))
    return tf.stack([mean, tf.sqrt(variance + VARIANCE_FLOOR)])


def moments_distance(moments_S: tf.Tensor, moments_G: tf.Tensor) -> tf.Tensor:
    """The style cost of a layer from two results of ``channel_moments``, in place of J_style^[l].

    Args:
        moments_S: of S, shape (2, n_C).
        moments_G: of G, likewise.

    Returns:
        A scalar ≥ 0: ``1/n_C · Σ_k ((μ_S,k − μ_G,k)² + (σ_S,k − σ_G,k)²)``. It is quadratic in the
        activations, while J_style^[l] is quartic.

    Sources: Li, Wang, Liu and Hou, "Demystifying Neural Style Transfer" (2017), the statistics of batch
    normalisation; Huang and Belongie 2017, eq. 13, which adds up norms that are not squared.
    """
    n_C = tf.cast(tf.shape(moments_G)[-1], moments_G.dtype)
    return tf.reduce_sum(tf.square(moments_S - moments_G)) / n_C


def compute_layer_style_cost(a_S: Tensor, a_G: Tensor) -> tf.Tensor:
    """J_style^[l]: how far the Gram matrix of G is from that of S, at one layer.

    Args:
        a_S: activations of S, shape (1, n_H, n_W, n_C). S may have another size than G.
        a_G: activations of G, shape (1, n_H, n_W, n_C).

    Returns:
        A scalar ≥ 0: ``1/(4·n_C²·(n_H·n_W)²) · Σ (G_S − G_G)²``. Each Gram matrix is divided by its own
        n_H·n_W, which is that formula where S and G have one size, and extends it to where they don't.

    Raises:
        ValueError: an activation is not of rank 4, a batch is not 1, or n_C or the dtype differ.

    Source: Gatys et al. 2015, eq. 4.
    """
    a_S = _floating(a_S, "a_S")
    a_G = _floating(a_G, "a_G")
    _require_activations(a_S, a_G, "a_S", "a_G")
    if not a_S.shape[-1:].is_compatible_with(a_G.shape[-1:]):
        raise ValueError(
            f"a_S has shape {a_S.shape} and a_G {a_G.shape}: both must come from the same layer, so that "
            "they have the same number of channels n_C (the last axis)."
        )
    _require_same_dtype(a_S, a_G, "a_S", "a_G")
    return gram_distance(gram_matrix_per_position(a_S), gram_matrix_per_position(a_G))


def compute_style_cost(
    style_image_output: Outputs, generated_image_output: Outputs, STYLE_LAYERS: StyleLayers = STYLE_LAYERS
) -> tf.Tensor:
    """J_style: the style costs of several layers, each weighted by its λ, added up.

    Args:
        style_image_output: outputs for S of the layers of ``STYLE_LAYERS``, in that order, and last of
            the content layer, which is left out.
        generated_image_output: the same for G.
        STYLE_LAYERS: pairs (layer name, λ_l).

    Returns:
        A scalar: ``Σ_l λ_l J_style^[l]``.

    Raises:
        ValueError: there are not as many outputs as style layers and one more, or a layer's
            activations don't match (see ``compute_layer_style_cost``).

    Source: Gatys et al. 2015, eq. 5.
    """
    for name, outputs in (
        ("style_image_output", style_image_output),
        ("generated_image_output", generated_image_output),
    ):
        _require_one_output_per_layer(name, outputs, STYLE_LAYERS)
    return tf.add_n(
        [
            weight * compute_layer_style_cost(style_image_output[index], generated_image_output[index])
            for index, (_, weight) in enumerate(STYLE_LAYERS)
        ]
    )


@tf.function
def total_cost(
    J_content: Tensor, J_style: Tensor, alpha: float | Tensor = 10, beta: float | Tensor = 40
) -> tf.Tensor:
    """J = α J_content + β J_style, what neural style transfer minimises.

    Args:
        J_content: scalar.
        J_style: scalar of the same dtype.
        alpha: α, the weight of the content. Only α : β matters to where the minimum is.
        beta: β, the weight of the style. A new Python number makes TensorFlow trace the function
            again; a tensor does not.

    Returns:
        A scalar.

    Raises:
        ValueError: a cost is no floating-point number, or their dtypes differ.

    Source: Gatys et al. 2015, eq. 7.
    """
    J_content = _floating(J_content, "J_content")
    J_style = _floating(J_style, "J_style")
    _require_same_dtype(J_content, J_style, "J_content", "J_style")
    return tf.cast(alpha, J_content.dtype) * J_content + tf.cast(beta, J_style.dtype) * J_style


def total_variation_cost(G: Tensor) -> tf.Tensor:
    """J_tv: how much neighbouring pixels of an image differ.

    It is quadratic, and so differentiable everywhere, unlike the form with a square root. As it consists
    of means, the same texture costs the same on a larger canvas.

    Args:
        G: an image, shape (1, h, w, 3), as a rule in [0, 1].

    Returns:
        A scalar ≥ 0: the mean of ``(G_i+1,j,c − G_i,j,c)²`` over all vertical neighbours and channels, plus
        the mean of ``(G_i,j+1,c − G_i,j,c)²`` over all horizontal ones. An image that is one pixel high or
        wide has no neighbours in that direction, which then adds nothing.

    Raises:
        ValueError: G is not of shape (1, h, w, 3), with at least one pixel.

    Sources: Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them" (2015),
    section 3, whose exponent β is 2 here; Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style
    Transfer and Super-Resolution" (2016), section 3.2. Both add up what is averaged here.
    """
    G = _floating(G, "G")
    if not G.shape.is_compatible_with([1, None, None, 3]) or G.shape.num_elements() == 0:
        raise ValueError(f"G has shape {G.shape}: an image is (1, h, w, 3), of at least one pixel.")
    return _mean_square(G[:, 1:] - G[:, :-1]) + _mean_square(G[:, :, 1:] - G[:, :, :-1])


def _mean_square(differences: tf.Tensor) -> tf.Tensor:
    """0 where there are none."""
    count = tf.cast(tf.maximum(tf.size(differences, out_type=tf.int64), 1), differences.dtype)
    return tf.reduce_sum(tf.square(differences)) / count


def _content_layer_of(outputs: Outputs) -> Tensor:
    """The last of a sequence of outputs, or the output itself."""
    if isinstance(outputs, list | tuple):
        if not outputs:
            raise ValueError("The list of outputs is empty: its last entry has to be the content layer's.")
        return outputs[-1]
    return outputs[-1] if len(np.shape(outputs)) == 5 else outputs


def _floating(values: Tensor, name: str) -> tf.Tensor:
    tensor = tf.convert_to_tensor(values)
    if not tensor.dtype.is_floating:
        raise ValueError(
            f"{name} has dtype {tensor.dtype.name}: use floating-point numbers, such as float32."
        )
    return tensor


def _masked(A: Tensor, mask: Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """A, a mask over its positions, and Σ m²."""
    A, mask = _floating(A, "A"), _floating(mask, "mask")
    _require_same_dtype(A, mask, "A", "mask")
    if not (A.shape.is_compatible_with([None, None]) and mask.shape.is_compatible_with(A.shape[1:])):
        raise ValueError(
            f"A has shape {A.shape} and mask {mask.shape}: A is (n_C, n_H·n_W), and mask has one number for "
            "each of the n_H·n_W positions."
        )
    total = tf.reduce_sum(tf.square(mask))
    if tf.get_static_value(total) == 0:
        raise ValueError(
            "The mask is 0 everywhere, so there is no position to compare: let it be 1 somewhere."
        )
    return A, mask, total


def _require_rows(A: tf.Tensor, function: str) -> None:
    if A.shape.rank not in (2, None):
        raise ValueError(
            f"A has shape {A.shape}: {function} needs rank 2, (n_C, n_H·n_W), one channel in each row."
        )


def _require_activations(one: tf.Tensor, other: tf.Tensor, one_name: str, other_name: str) -> None:
    activation = [1, None, None, None]
    if not (one.shape.is_compatible_with(activation) and other.shape.is_compatible_with(activation)):
        raise ValueError(
            f"{one_name} has shape {one.shape} and {other_name} {other.shape}: an activation has rank 4, "
            "(1, n_H, n_W, n_C), a batch of one."
        )


def _require_same_dtype(one: tf.Tensor, other: tf.Tensor, one_name: str, other_name: str) -> None:
    if one.dtype != other.dtype:
        raise ValueError(
            f"{one_name} is {one.dtype.name} and {other_name} is {other.dtype.name}: "
            "tf.cast one to the other's dtype."
        )


def _require_one_output_per_layer(name: str, outputs: Outputs, style_layers: StyleLayers) -> None:
    if not style_layers:
        raise ValueError("STYLE_LAYERS is empty: give at least one pair (layer name, weight).")
    expected = len(style_layers) + 1
    given = len(outputs) if isinstance(outputs, list | tuple) else tf.convert_to_tensor(outputs).shape[0]
    if given not in (expected, None):
        raise ValueError(
            f"{name} holds {given} outputs, but STYLE_LAYERS has {len(style_layers)} layers: expected "
            f"{expected}, one for each style layer, in that order, and the content layer's last."
        )
