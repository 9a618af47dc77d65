"""The right functions, written as named steps, so that a mistake is a step replaced (see ``mistakes.py``).

Each class is one of the course's functions: a field is a step, and ``__call__`` puts the steps together. They are what
a learner's function is compared with; ``nst_tf.costs`` is what the rest of the package uses. (That the two agree is
a test's business.)
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from types import FunctionType

import tensorflow as tf


def the_same(value: object) -> object:
    """A step that leaves its value alone, there to be replaced."""
    return value


class _Steps:
    """What the functions have in common."""

    def __post_init__(self) -> None:
        """Keep AutoGraph, which can't tell one lambda in a line from another, out of the steps."""
        for field in fields(self):
            step = getattr(self, field.name)
            if isinstance(step, FunctionType):
                object.__setattr__(self, field.name, tf.autograph.experimental.do_not_convert(step))


@dataclass(frozen=True)
class ContentCost(_Steps):
    """compute_content_cost: Σ (a_C − a_G)² / (4 · n_H · n_W · n_C). Source: Gatys et al. 2015, eq. 1."""

    entries: Callable = lambda content_output, generated_output: (content_output[-1], generated_output[-1])
    difference: Callable = lambda a_C, a_G: a_C - a_G
    power: Callable = tf.square
    reduction: Callable = tf.reduce_sum
    sizes: Callable = lambda a_G: a_G.shape[1:]
    quarter: Callable = lambda: 4
    size: Callable = lambda n_H, n_W, n_C: n_H * n_W * n_C
    factor: Callable = lambda summed, divisor: summed / divisor
    result: Callable = the_same

    def __call__(self, content_output: list, generated_output: list) -> tf.Tensor:
        """J_content, a scalar."""
        a_C, a_G = self.entries(content_output, generated_output)
        summed = self.reduction(self.power(self.difference(a_C, a_G)))
        return self.result(self.factor(summed, self.quarter() * self.size(*self.sizes(a_G))))


@dataclass(frozen=True)
class GramMatrix(_Steps):
    """gram_matrix: A Aᵀ, for A of shape (n_C, n_H·n_W). Source: Gatys et al. 2015, eq. 3."""

    product: Callable = lambda A: tf.matmul(A, tf.transpose(A))
    factor: Callable = lambda G, A: G
    result: Callable = the_same

    def __call__(self, A: tf.Tensor) -> tf.Tensor:
        """The Gram matrix, of shape (n_C, n_C)."""
        return self.result(self.factor(self.product(A), A))


@dataclass(frozen=True)
class LayerStyleCost(_Steps):
    """compute_layer_style_cost: Σ (G_S − G_G)² / (4 · n_C² · (n_H·n_W)²). Source: Gatys et al. 2015, eq. 4."""

    activations: Callable = lambda a_S, a_G: (a_S, a_G)
    reshape: Callable = lambda a, n_H, n_W, n_C: tf.reshape(a, [n_H * n_W, n_C])
    transpose: Callable = tf.transpose
    gram: Callable = lambda A: tf.matmul(A, tf.transpose(A))
    gram_factor: Callable = lambda G, n_H, n_W, n_C: G
    difference: Callable = lambda G_S, G_G: G_S - G_G
    power: Callable = tf.square
    reduction: Callable = tf.reduce_sum
    quarter: Callable = lambda: 4
    channels: Callable = lambda n_C: n_C**2
    positions: Callable = lambda n_H, n_W: (n_H * n_W) ** 2
    factor: Callable = lambda summed, divisor: summed / divisor
    result: Callable = the_same

    def __call__(self, a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
        """J_style^[l], a scalar."""
        a_S, a_G = self.activations(a_S, a_G)
        n_H, n_W, n_C = a_G.shape[1:]
        A_S, A_G = (self.transpose(self.reshape(a, n_H, n_W, n_C)) for a in (a_S, a_G))
        G_S, G_G = (self.gram_factor(self.gram(A), n_H, n_W, n_C) for A in (A_S, A_G))
        summed = self.reduction(self.power(self.difference(G_S, G_G)))
        return self.result(
            self.factor(summed, self.quarter() * self.channels(n_C) * self.positions(n_H, n_W))
        )


@dataclass(frozen=True)
class StyleCost(_Steps):
    """compute_style_cost: Σ λ_l J_style^[l] over all outputs but the last. Source: Gatys et al. 2015, eq. 5."""

    outputs: Callable = lambda S, G: (S[:-1], G[:-1])
    weights: Callable = lambda style_layers: [weight for _, weight in style_layers]
    layer_cost: Callable = LayerStyleCost()
    reduction: Callable = tf.add_n
    factor: Callable = lambda summed, number_of_layers: summed
    result: Callable = the_same

    def __call__(
        self, style_image_output: list, generated_image_output: list, STYLE_LAYERS: list
    ) -> tf.Tensor:
        """J_style, a scalar."""
        outputs = self.outputs(style_image_output, generated_image_output)
        weights = self.weights(STYLE_LAYERS)
        costs = [
            weight * self.layer_cost(a_S, a_G) for weight, a_S, a_G in zip(weights, *outputs, strict=False)
        ]
        return self.result(self.factor(self.reduction(costs), len(STYLE_LAYERS)))


@dataclass(frozen=True)
class TotalCost(_Steps):
    """total_cost: α J_content + β J_style. Source: Gatys et al. 2015, eq. 7."""

    costs: Callable = lambda J_content, J_style: (J_content, J_style)
    weights: Callable = lambda alpha, beta: (alpha, beta)
    content: Callable = lambda alpha, J_content: alpha * J_content
    style: Callable = lambda beta, J_style: beta * J_style
    together: Callable = lambda content, style: content + style
    factor: Callable = lambda J, alpha, beta: J
    result: Callable = the_same

    def __call__(
        self, J_content: tf.Tensor, J_style: tf.Tensor, alpha: float = 10, beta: float = 40
    ) -> tf.Tensor:
        """J, a scalar."""
        J_content, J_style = self.costs(J_content, J_style)
        alpha, beta = self.weights(alpha, beta)
        J = self.together(self.content(alpha, J_content), self.style(beta, J_style))
        return self.result(self.factor(J, alpha, beta))


REFERENCES = {
    "compute_content_cost": ContentCost(),
    "gram_matrix": GramMatrix(),
    "compute_layer_style_cost": LayerStyleCost(),
    "compute_style_cost": StyleCost(),
    "total_cost": TotalCost(),
}
