"""train_step: as it should be, and as learners write it.

Whole functions, since what goes wrong is the order of things.

Their global names are given to them while they are tried, as a notebook does.
"""

# ruff: noqa: F821 - the global names of a notebook

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from nst_tf.grading.exercises.common import ANOTHER_IMAGE
from nst_tf.grading.exercises.stand_ins import stand_ins
from nst_tf.grading.exercises.step_exercise import StepExercise, StepMistake

# What a notebook has: it is put here while a step is tried.
compute_content_cost: Callable
compute_style_cost: Callable
total_cost: Callable
vgg_model_outputs: Callable
a_C: list[tf.Tensor]
a_S: list[tf.Tensor]
optimizer: tf.keras.optimizers.Optimizer
generated_image: tf.Variable


def _weights() -> list[tf.Tensor]:
    """α and β, where the notebook has such globals; otherwise total_cost's defaults hold."""
    return [globals()[name] for name in ("alpha", "beta") if name in globals()]


def _J(a_G: list[tf.Tensor]) -> tf.Tensor:
    return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), *_weights())


def _gradient_of(cost: Callable, image: tf.Variable) -> tuple[tf.Tensor, tf.Tensor]:
    with tf.GradientTape() as tape:
        J = cost(vgg_model_outputs(image))
    return J, tape.gradient(J, image)


def _apply(gradient: tf.Tensor, image: tf.Variable) -> None:
    optimizer.apply_gradients([(gradient, image)])


def _clip(image: tf.Variable) -> None:
    image.assign(tf.clip_by_value(image, 0.0, 1.0))


def _step(image: tf.Variable, cost: Callable) -> tf.Tensor:
    J, gradient = _gradient_of(cost, image)
    _apply(gradient, image)
    _clip(image)
    return J


def right_step(image: tf.Variable) -> tf.Tensor:
    """One step on J. Returns J before the step."""
    return _step(image, _J)


def _none(image: tf.Variable) -> None:
    return None


def _no_return(image: tf.Variable) -> None:
    right_step(image)


def _print(image: tf.Variable) -> None:
    print(right_step(image))


def _float(image: tf.Variable) -> float:
    return float(right_step(image))


def _numpy(image: tf.Variable) -> np.ndarray:
    return right_step(image).numpy()


def _no_update(image: tf.Variable) -> tf.Tensor:
    return _gradient_of(_J, image)[0]


def _no_clipping(image: tf.Variable) -> tf.Tensor:
    J, gradient = _gradient_of(_J, image)
    _apply(gradient, image)
    return J


def _clipped_before(image: tf.Variable) -> tf.Tensor:
    J, gradient = _gradient_of(_J, image)
    _clip(image)
    _apply(gradient, image)
    return J


def _clipped_to_signs(image: tf.Variable) -> tf.Tensor:
    J = _no_clipping(image)
    image.assign(tf.clip_by_value(image, -1.0, 1.0))
    return J


def _ascent(image: tf.Variable) -> tf.Tensor:
    J, gradient = _gradient_of(_J, image)
    _apply(-gradient, image)
    _clip(image)
    return J


def _minus_J(image: tf.Variable) -> tf.Tensor:
    return _step(image, lambda a_G: -_J(a_G))


def _another_optimizer(image: tf.Variable) -> tf.Tensor:
    J, gradient = _gradient_of(_J, image)
    tf.keras.optimizers.SGD(0.01).apply_gradients([(gradient, image)])
    _clip(image)
    return J


def _J_after(image: tf.Variable) -> tf.Tensor:
    right_step(image)
    return _J(vgg_model_outputs(image))


def _two_steps(image: tf.Variable) -> tf.Tensor:
    J = right_step(image)
    right_step(image)
    return J


def _applied_twice(image: tf.Variable) -> tf.Tensor:
    J, gradient = _gradient_of(_J, image)
    _apply(gradient, image)
    _apply(gradient, image)
    _clip(image)
    return J


def _gradient_assigned(image: tf.Variable) -> tf.Tensor:
    J, gradient = _gradient_of(_J, image)
    image.assign(tf.clip_by_value(gradient, 0.0, 1.0))
    return J


def _returns_image(image: tf.Variable) -> tf.Tensor:
    right_step(image)
    return tf.convert_to_tensor(image)


def _returns_gradient(image: tf.Variable) -> tf.Tensor:
    _, gradient = _gradient_of(_J, image)
    right_step(image)
    return gradient


def _global_image(_: tf.Variable) -> tf.Tensor:
    J, gradient = _gradient_of(_J, generated_image)
    generated_image.assign(tf.clip_by_value(generated_image - 0.01 * gradient, 0.0, 1.0))
    return J


def _content_only(image: tf.Variable) -> tf.Tensor:
    return _step(image, lambda a_G: compute_content_cost(a_C, a_G))


def _style_only(image: tf.Variable) -> tf.Tensor:
    return _step(image, lambda a_G: compute_style_cost(a_S, a_G))


def _gradient_of_content(image: tf.Variable) -> tf.Tensor:
    J = _J(vgg_model_outputs(image))
    _content_only(image)
    return J


def _gradient_of_style(image: tf.Variable) -> tf.Tensor:
    J = _J(vgg_model_outputs(image))
    _style_only(image)
    return J


def _step_towards(image: tf.Variable, content: list[tf.Tensor], style: list[tf.Tensor]) -> tf.Tensor:
    def cost(a_G: list[tf.Tensor]) -> tf.Tensor:
        return total_cost(compute_content_cost(content, a_G), compute_style_cost(style, a_G), *_weights())

    return _step(image, cost)


def _targets_swapped(image: tf.Variable) -> tf.Tensor:
    return _step_towards(image, a_S, a_C)


def _content_of_S(image: tf.Variable) -> tf.Tensor:
    return _step_towards(image, a_S, a_S)


def _style_of_C(image: tf.Variable) -> tf.Tensor:
    return _step_towards(image, a_C, a_C)


def _style_outputs_sliced(image: tf.Variable) -> tf.Tensor:
    return _step_towards(image, a_C, a_S[:-1])


def _costs_swapped(image: tf.Variable) -> tf.Tensor:
    def cost(a_G: list[tf.Tensor]) -> tf.Tensor:
        return total_cost(compute_style_cost(a_S, a_G), compute_content_cost(a_C, a_G), *_weights())

    return _step(image, cost)


def _costs_added(image: tf.Variable) -> tf.Tensor:
    return _step(image, lambda a_G: compute_content_cost(a_C, a_G) + compute_style_cost(a_S, a_G))


def _weights_left_to_the_defaults(image: tf.Variable) -> tf.Tensor:
    return _step(
        image, lambda a_G: total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), 10, 40)
    )


MISTAKES = [
    StepMistake(
        "returns-none",
        _none,
        "It returns None and leaves the image unchanged: the exercise isn't written yet.",
    ),
    StepMistake(
        "step-without-return", _no_return, "It takes the step but returns nothing: return J at the end."
    ),
    StepMistake(
        "print-for-return",
        _print,
        "It prints J but returns None. Which keyword hands a value back to the caller?",
    ),
    StepMistake(
        "float-for-tensor",
        _float,
        "It returns J as a plain Python number: return the tensor, as it was before you converted it.",
    ),
    StepMistake(
        "array-for-tensor",
        _numpy,
        "It uses J's NumPy value, which doesn't exist inside `tf.function`: return the tensor itself.",
    ),
    StepMistake(
        "no-update",
        _no_update,
        "J is right, but the image isn't updated: which object needs to be given the gradient and the image?",
    ),
    StepMistake(
        "no-clipping",
        _no_clipping,
        "After the step, some pixels are outside [0, 1]: clip the image and `assign` the result to the "
        "variable. Writing `generated_image = …` would only give the name to another tensor.",
    ),
    StepMistake(
        "clipped-before-the-step",
        _clipped_before,
        "After the step, some pixels are outside [0, 1]: the image is clipped before the optimizer changes "
        "it, not after.",
    ),
    StepMistake(
        "clipped-to-minus-one",
        _clipped_to_signs,
        "The pixels are clipped to [−1, 1], but an image's values have to be in [0, 1].",
    ),
    StepMistake(
        "ascent-for-descent",
        _ascent,
        "The step goes uphill: the optimizer already takes care of the minus sign.",
    ),
    StepMistake(
        "minus-J", _minus_J, "It returns −J, and its step makes J grow: J itself is what should become small."
    ),
    StepMistake(
        "J-after-the-step",
        _J_after,
        "It returns J as computed after the step; return the J that was used to compute the gradient.",
    ),
    StepMistake(
        "two-steps",
        _two_steps,
        "It takes two steps in one call. This function should take a single step: the loop that calls it "
        "does the repeating.",
    ),
    StepMistake(
        "applied-twice", _applied_twice, "The gradient is applied twice: one call should take a single step."
    ),
    StepMistake(
        "gradient-assigned",
        _gradient_assigned,
        "The image is overwritten with its gradient: the gradient only says how to change the image.",
    ),
    StepMistake("image-for-J", _returns_image, "The step is right, but it returns the image instead of J."),
    StepMistake(
        "gradient-for-J", _returns_gradient, "The step is right, but it returns the gradient instead of J."
    ),
    StepMistake(
        "content-only", _content_only, "It uses J_content alone: what about J_style, and the weights?"
    ),
    StepMistake("style-only", _style_only, "It uses J_style alone: what about J_content, and the weights?"),
    StepMistake(
        "gradient-of-J-content",
        _gradient_of_content,
        "J is right, but the gradient is that of J_content: take the gradient of J.",
    ),
    StepMistake(
        "gradient-of-J-style",
        _gradient_of_style,
        "J is right, but the gradient is that of J_style: take the gradient of J.",
    ),
    StepMistake(
        "targets-swapped",
        _targets_swapped,
        "a_C and a_S are swapped: content comes from C, style from S.",
    ),
    StepMistake("content-of-S", _content_of_S, "J_content compares G with S, but the content comes from C."),
    StepMistake("style-of-C", _style_of_C, "J_style compares G with C, but the style comes from S."),
    StepMistake(
        "style-outputs-sliced",
        _style_outputs_sliced,
        "J_style is missing the last style layer: `compute_style_cost` already drops the last entry of its "
        "lists, so pass it the full `a_S` and `a_G`.",
    ),
    StepMistake(
        "costs-swapped",
        _costs_swapped,
        "Either J_content and J_style are swapped, or α and β are: `total_cost` takes J_content before "
        "J_style, and α before β.",
    ),
    StepMistake(
        "costs-added", _costs_added, "The two costs are added without their weights: use `total_cost`."
    ),
    StepMistake(
        "default-weights",
        _weights_left_to_the_defaults,
        "J is computed with α = 10 and β = 40, but the notebook's `alpha` and `beta` have other values.",
    ),
    StepMistake(
        "another-optimizer",
        _another_optimizer,
        "The image is updated, but not by the notebook's `optimizer`, which keeps state between steps: use "
        "that one instead of creating a new optimizer in every step.",
        by_any_amount=True,
    ),
    StepMistake(
        "global-image",
        _global_image,
        ANOTHER_IMAGE,
        by_any_amount=True,
    ),
]

EXERCISE = StepExercise(
    name="train_step",
    right=right_step,
    mistakes=MISTAKES,
    helpers=stand_ins(
        "compute_content_cost",
        "gram_matrix",
        "compute_layer_style_cost",
        "compute_style_cost",
        "total_cost",
        "clip_0_1",
    ),
)
