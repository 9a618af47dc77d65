"""From what ``train_step`` did to a verdict."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import tensorflow as tf

from nst_tf.grading.trial import globals_of
from nst_tf.grading.references import REFERENCES
from nst_tf.grading.hints import advice_on
from nst_tf.grading.step_trial import (
    STEPS,
    Step,
    Task,
    network,
    observe_training,
    random_task,
    trace_step,
    traced_steps,
    written_steps,
)
from nst_tf.grading.exercises.train_step import ANOTHER_IMAGE, TRAINING_MISTAKES, TrainingMistake, right_step
from nst_tf.grading.verdict import Diagnosis, marked

TRAINING_RUBRIC = {
    "returns J as it was before the step, a scalar tensor": 0.3,
    "moves the image that it is given by the optimizer's step": 0.3,
    "keeps every pixel in [0, 1]": 0.2,
    f"does the same {STEPS} times in a row, as it is written and inside tf.function": 0.2,
}
_LARGEST_CHANGE = 0.3  # of a pixel in the first step, so that clipping matters
_TOLERANCE_OF_J = 1e-2  # relative
_TOLERANCE_OF_PIXELS = 1e-2
_TEXT_COMPARED = 40  # characters of an error's text, before the names in it


# What train_step calls is given it right, so that a mistake counts once.
TRAINING_HELPERS = {
    **REFERENCES,
    "clip_0_1": lambda image: tf.clip_by_value(image, 0.0, 1.0),
}


def task_for(seed: int, weights: dict[str, float]) -> Task:
    """A task in which content and style count alike, and whose first step changes a pixel by up to 0.3.

    Args:
        seed: one seed, one task.
        weights: the notebook's ``alpha`` and ``beta``, where it has such globals; otherwise total_cost's defaults hold.
    """
    task = random_task(seed, weights)
    vgg_model_outputs, scene = network(task.kernels), task.scenes[0]
    a_C, a_S, a_G = (vgg_model_outputs(image) for image in (scene.C, scene.S, scene.start))
    J_content = REFERENCES["compute_content_cost"](a_C, a_G)
    J_style = REFERENCES["compute_style_cost"](a_S, a_G, task.style_layers)
    alpha, beta = weights.values() or (10, 40)
    scale = float(alpha * J_content / (beta * J_style)) if alpha and beta else 1.0
    task = replace(task, style_layers=[(name, scale * weight) for name, weight in task.style_layers])

    grey = [
        replace(scene, start=np.full_like(scene.start, 0.5)) for scene in task.scenes
    ]  # far from clipping
    trial = replace(task, scenes=grey, learning_rate=1e-6)
    largest = np.abs(written_steps(right_step, trial, _helpers(task), count=1)[0].image - 0.5).max()
    return replace(task, learning_rate=1e-6 * _LARGEST_CHANGE / float(largest))


def diagnose_train_step(target: Callable, seed: int) -> Diagnosis:
    """Try ``train_step`` here, in this process, and judge it."""
    task = task_for(seed, _weights(globals_of(target)))
    return conclude_training(task, observe_training(target, task, TRAINING_HELPERS, echo=True))


def _weights(names: dict[str, object]) -> dict[str, float]:
    try:
        return {name: float(names[name]) for name in ("alpha", "beta")}
    except (KeyError, TypeError, ValueError):
        return {}


def _helpers(task: Task) -> dict[str, object]:
    """What the right step and the mistakes find, as a notebook has it."""
    return {**TRAINING_HELPERS, **task.weights}


def conclude_training(task: Task, observed: list[list[Step]]) -> Diagnosis:
    """The verdict on ``train_step``, from what it did with this task."""
    expected = [written_steps(right_step, task, _helpers(task), scene=scene) for scene in (0, 1)]
    met = _met(expected, observed)
    rubric = marked(TRAINING_RUBRIC, met)
    first = observed[0][0].returned
    value = f"{first.value.item():.5g}" if first.value is not None and first.value.size == 1 else ""
    if all(met):
        return Diagnosis("train_step", 1.0, rubric=rubric, value=value)
    score = round(sum(given for _, _, given in rubric), 2)
    mistake = _mistake_like(task, observed)
    if mistake is None:
        return Diagnosis(
            "train_step", score, None, _closest_true_statement(expected, observed), rubric, value
        )
    return Diagnosis(
        "train_step",
        score,
        mistake.slug,
        mistake.hint.replace("{error}", _error(observed)) + advice_on(_error(observed)),
        rubric,
        value,
    )


def _error(observed: list[list[Step]]) -> str:
    return next((step.returned.text for run in observed for step in run if step.returned.kind == "error"), "")


def _met(expected: list[list[Step]], observed: list[list[Step]]) -> list[bool]:
    """For each line of the rubric, whether it is met."""
    first, right = observed[0][0], expected[0][0]
    is_tensor = (first.returned.kind, first.returned.dtype) == ("tensor", "float32")
    returns_J = is_tensor and _is_same_J(first, right)
    moves = _are_same_pixels(np.clip(first.image, 0, 1), right.image)
    clips = moves and _is_within(first.image)
    repeats = all(
        len(run) == STEPS and all(_does_the_same(*steps) for steps in zip(run, runs_right, strict=True))
        for run, runs_right in zip(observed, expected, strict=True)
    )
    return [returns_J, moves, clips, returns_J and clips and repeats]


def _does_the_same(one: Step, other: Step) -> bool:
    return _returns_alike(one, other) and _are_same_pixels(one.image, other.image)


def _is_same(one: Step, other: Step) -> bool:
    counts = [(step.applied, step.has_changed_bystander) for step in (one, other)]
    return _does_the_same(one, other) and counts[0] == counts[1]


def _returns_alike(one: Step, other: Step) -> bool:
    kind = one.returned.kind
    if kind != other.returned.kind:
        return False
    if kind == "nothing":
        return one.returned.has_printed == other.returned.has_printed
    return _is_same_J(one, other)


def _is_same_J(one: Step, other: Step) -> bool:
    a, b = one.returned.value, other.returned.value
    if a is None or b is None or a.size != b.size:
        return False
    return bool(np.allclose(a.ravel(), b.ravel(), 0, _TOLERANCE_OF_J * np.abs(b).max()))


def _are_same_pixels(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, 0, _TOLERANCE_OF_PIXELS))


def _is_within(image: np.ndarray) -> bool:
    return bool(image.min() >= 0 and image.max() <= 1)


def _mistake_like(task: Task, observed: list[list[Step]]) -> TrainingMistake | None:
    return next((mistake for mistake in TRAINING_MISTAKES if _is_like(mistake, task, *observed)), None)


def _is_like(mistake: TrainingMistake, task: Task, written: list[Step], traced: list[Step]) -> bool:
    """Whether the steps as written agree; inside ``tf.function``, whether both fail or both don't."""
    if ("{error}" in mistake.hint) != _fails(written[0]):
        return False
    if mistake.slug == "exception":
        return True
    first = written_steps(mistake.function, task, _helpers(task), count=1)[0]  # tells most mistakes apart
    if _fails(written[0]):
        texts = [step.returned.text[:_TEXT_COMPARED] for step in (first, written[0])]
        return texts[0] == texts[1]
    if mistake.by_any_amount:
        return _have_same_pattern(first, written[0])
    if not _is_same(first, written[0]):
        return False
    again = written_steps(mistake.function, task, _helpers(task))
    again_traced = traced_steps(trace_step(mistake.function, task, _helpers(task)), task, count=1)
    return (
        len(again) == len(written)
        and all(map(_is_same, again, written))
        and _fails(again_traced[0]) == _fails(traced[0])
    )


def _have_same_pattern(one: Step, other: Step) -> bool:
    def pattern(step: Step) -> tuple:
        return step.returned.kind, step.applied, step.has_changed_bystander, step.has_changed_image

    return pattern(one) == pattern(other)


def _fails(step: Step) -> bool:
    return step.returned.kind == "error"


def _closest_true_statement(expected: list[list[Step]], observed: list[list[Step]]) -> str:
    written, traced = observed
    first, right = written[0], expected[0][0]
    if first.returned.kind == "nothing":
        return "It returns None: J, a scalar tensor, is asked for."
    if first.returned.value is None:
        return f"It returns a value of type {first.returned.kind}: J, a scalar tensor, is asked for."
    if not np.isfinite(first.image).all():
        return "After the step, the image has values that are no numbers."
    if not _is_within(first.image):
        return f"After the step, the image has values from {first.image.min():.3g} to {first.image.max():.3g}: clip it to [0, 1]."
    if first.returned.value.size != 1:
        return f"It returns a value of shape {first.returned.value.shape}: J, a scalar, is asked for."
    if not _is_same_J(first, right):
        given, asked = first.returned.value.item(), right.returned.value.item()
        return f"J before the step is given as {given:.5g}, where {asked:.5g} is expected."
    if first.has_changed_bystander:
        return ANOTHER_IMAGE
    if first.applied != 1:
        return f"J is right, but the notebook's `optimizer` is used {first.applied} times in the first step: once is asked for."
    if first.returned.kind != "tensor" or first.returned.dtype != "float32":
        kind = first.returned.dtype or first.returned.kind
        return f"J is right, but of type {kind}: a tensor of type float32 is asked for."
    if not _are_same_pixels(first.image, right.image):
        return "J is right, but the image is not changed as it should be: is it the gradient of J with respect to the image?"
    if len(written) < STEPS or not all(map(_is_same, written, expected[0])):
        return f"The first step is right, but not those after it. {_error([written])}".strip()
    if _fails(traced[-1]):
        return f"It is right as it is written, but inside `tf.function` it stops with {traced[-1].returned.text}."
    return "It is right as it is written, but inside `tf.function` the steps are others."
