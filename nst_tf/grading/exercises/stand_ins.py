"""What stands in for a learner's earlier functions, so that a mistake counts only once.

They take whatever a right function may take. Their text is also run where a submission is graded, and where
nothing else of this folder is to be seen. AutoGraph has nothing to convert here, and is slow.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf


@tf.autograph.experimental.do_not_convert
def gram_matrix(A: tf.Tensor) -> tf.Tensor:
    """A Aᵀ, of each matrix where a batch's axis is in front."""
    A = tf.convert_to_tensor(A)
    return tf.matmul(A, A, transpose_b=True)


@tf.autograph.experimental.do_not_convert
def compute_content_cost(content_output: Any, generated_output: Any) -> tf.Tensor:
    """J_content, from sequences of outputs or from the content layer's alone."""
    a_C, a_G = (
        outputs if hasattr(outputs, "shape") and len(outputs.shape) < 5 else outputs[-1]
        for outputs in (content_output, generated_output)
    )
    return tf.reduce_mean(tf.math.squared_difference(a_C, a_G)) / 4


@tf.autograph.experimental.do_not_convert
def compute_layer_style_cost(a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
    """J_style^[l], from activations with or without a batch's axis, unrolled to positions or not."""
    n_C = a_G.shape[-1]
    A_S, A_G = (tf.reshape(a, [-1, n_C]) for a in (a_S, a_G))
    G_S, G_G = (tf.matmul(A, A, transpose_a=True) / A.shape[0] for A in (A_S, A_G))
    return tf.reduce_mean(tf.math.squared_difference(G_S, G_G)) / 4


@tf.autograph.experimental.do_not_convert
def compute_style_cost(
    style_image_output: Sequence[tf.Tensor],
    generated_image_output: Sequence[tf.Tensor],
    STYLE_LAYERS: Sequence[tuple[str, float]],
) -> tf.Tensor:
    """J_style: Σ λ J_style^[l], over all outputs but the last."""
    layers = zip(STYLE_LAYERS, style_image_output[:-1], generated_image_output[:-1], strict=False)
    return tf.add_n([weight * compute_layer_style_cost(a_S, a_G) for (_, weight), a_S, a_G in layers])


@tf.autograph.experimental.do_not_convert
def total_cost(J_content: tf.Tensor, J_style: tf.Tensor, alpha: float = 10, beta: float = 40) -> tf.Tensor:
    """α J_content + β J_style, with weights of any kind of number."""
    J_content, J_style = tf.convert_to_tensor(J_content), tf.convert_to_tensor(J_style)
    return tf.cast(alpha, J_content.dtype) * J_content + tf.cast(beta, J_style.dtype) * J_style


@tf.autograph.experimental.do_not_convert
def clip_0_1(image: tf.Tensor) -> tf.Tensor:
    """Values clipped to [0, 1]."""
    return tf.clip_by_value(image, 0.0, 1.0)


_ALL = (
    gram_matrix,
    compute_content_cost,
    compute_layer_style_cost,
    compute_style_cost,
    total_cost,
    clip_0_1,
)


def stand_ins(*names: str) -> Mapping[str, Callable]:
    """Those of some functions, by name."""
    return {each.__name__: each for each in _ALL if each.__name__ in names}


def text_of(names: Iterable[str]) -> str:
    """The code of some of them."""
    imports = "from collections.abc import Sequence\nfrom typing import Any\n\nimport tensorflow as tf\n"
    functions = stand_ins(*names).values()
    return "\n\n".join([imports, *map(inspect.getsource, functions)]) if functions else ""
