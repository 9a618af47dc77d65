"""From what a cost function did to a verdict: is it right, how much of it, and what is wrong with it."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from nst_tf.grading.exercises.common import CATALOGUE, mistakes_of
from nst_tf.grading.graphs import GraphRun, run_graph
from nst_tf.grading.inputs import DIFFERENTIATED, Input, inputs_for
from nst_tf.grading.comparison import Evidence, Right, constant_factor, ignored_arguments, is_shape
from nst_tf.grading.exercises.base import Mistake
from nst_tf.grading.trial import Observation, observe, trace, with_globals
from nst_tf.grading.references import REFERENCES
from nst_tf.grading.hints import advice_on, closest_true_statement
from nst_tf.grading.exercises.step_exercise import TRAINING_RUBRIC, diagnose_train_step
from nst_tf.grading.verdict import Diagnosis, marked

EXERCISES = (*REFERENCES, "train_step")

HELPERS = {  # what a function calls is given it right, so that a mistake counts once
    "compute_layer_style_cost": ("gram_matrix",),
    "compute_style_cost": ("gram_matrix", "compute_layer_style_cost"),
}

RUBRIC = {
    "returns a tensor of the right shape, and leaves its arguments as they are": 0.2,
    "has the right value, but for a constant factor": 0.2,
    "has the right value": 0.3,
    "has the right value and the right gradient inside tf.function, where train_step calls it": 0.3,
}


def diagnose(name: str, target: Callable, seed: int = 0) -> Diagnosis:
    """Judge a learner's function: right or wrong, with how many points, and by which mistake.

    Args:
        name: one of the course's: ``compute_content_cost``, ``gram_matrix``, ``compute_layer_style_cost``,
            ``compute_style_cost``, ``total_cost``, ``train_step``.
        target: the function, decorated with ``tf.function`` or not. It is tried in its own globals, in which what it
            calls (``gram_matrix`` in ``compute_layer_style_cost``, for instance) is replaced by what is right.
        seed: of the random input.

    Raises:
        ValueError: the course has no function of that name.
    """
    if name not in EXERCISES:
        raise ValueError(f"There is no exercise {name!r}: choose from {', '.join(EXERCISES)}.")
    if not callable(target):
        return nothing_to_try(name, f"`{name}` is no function, but of type {type(target).__name__}.")
    return diagnose_train_step(target, seed) if name == "train_step" else _diagnose_cost(name, target, seed)


def nothing_to_try(name: str, hint: str, mistake: str | None = None) -> Diagnosis:
    """The verdict where there is no function that could be tried."""
    rubric = TRAINING_RUBRIC if name == "train_step" else RUBRIC
    return Diagnosis(name, 0.0, mistake, hint, marked(rubric, [False] * len(rubric)))


def _diagnose_cost(name: str, target: Callable, seed: int) -> Diagnosis:
    """Try a cost function here, in this process, and judge it."""
    inputs = inputs_for(name, seed)
    with with_globals(target, {helper: REFERENCES[helper] for helper in HELPERS.get(name, ())}):
        observations = [observe(target, each.arguments, echo=each is inputs[0]) for each in inputs]
        traced = trace(target, inputs[0].arguments)
    run = run_graph(traced, inputs[0].arguments, DIFFERENTIATED[name])
    return conclude(name, inputs, Evidence(observations, run))


def conclude(name: str, inputs: list[Input], evidence: Evidence) -> Diagnosis:
    """The verdict on a cost function, from what it did with these inputs."""
    right = Right(name, inputs)
    score = _score(right, evidence)
    rubric = marked(RUBRIC, score)
    value = _in_words(inputs[0], evidence.observations[0])
    if all(score):
        return Diagnosis(name, 1.0, rubric=rubric, value=value)
    mistake = _mistake_like(right, evidence)
    if mistake is not None:
        text = next((each.text for each in evidence.observations if each.kind == "error"), "")
        hint, slug = mistake.hint.replace("{error}", text) + advice_on(text), mistake.slug
    else:
        hint, slug = closest_true_statement(right, evidence), None
    return Diagnosis(name, round(sum(given for _, _, given in rubric), 2), slug, hint, rubric, value)


def _score(right: Right, evidence: Evidence) -> list[bool]:
    """For each line of the rubric, whether it is met."""
    observed = evidence.observations
    values = [each.value for each in observed]
    first = values[0]
    is_tensor = all(
        (each.kind, each.dtype) == ("tensor", "float32")
        and not each.has_changed_arguments
        and is_shape(each.value, expected)
        and np.isfinite(each.value).all()
        for each, expected in zip(observed, right.values, strict=True)
    )
    depends = is_tensor and any(
        each.only and not right.is_close(place, values[place], first)
        for place, each in enumerate(right.inputs)
    )
    has_value = all(right.is_right(place, value) for place, value in enumerate(values))
    is_traced = right.is_right(0, evidence.run.value) and right.is_gradient(evidence.run.gradient)
    return [
        depends,
        has_value or constant_factor(right, values) is not None,
        has_value,
        has_value and is_traced,
    ]


def _mistake_like(right: Right, evidence: Evidence) -> Mistake | None:
    """The mistake of the catalogue that behaves as the submission, or two of them together."""
    observed = evidence.observations
    conduct = _conduct(evidence.run)
    closest = None
    for mistake in mistakes_of(right.name):
        function = mistake.function(right.name)
        if not all(_is_like(right, place, function, each) for place, each in enumerate(observed)):
            continue
        arguments = right.inputs[0].arguments
        run = run_graph(trace(function, arguments), arguments, DIFFERENTIATED[right.name])
        if observed[0].kind == observe(function, arguments).kind and _conduct(run) == conduct:
            return mistake
        closest = closest or mistake
    is_value_wrong = any(not right.is_right(place, each.value) for place, each in enumerate(observed))
    return (closest or _mistake_that_ignores(right, evidence)) if is_value_wrong else None


def _mistake_that_ignores(right: Right, evidence: Evidence) -> Mistake | None:
    """The mistake by which the first argument that makes no difference is left out, whatever stands in its place."""
    ignored = ignored_arguments(right, evidence)
    return next((mistake for mistake in CATALOGUE[right.name] if mistake.ignores in ignored), None)


def _conduct(run: GraphRun) -> tuple[bool, bool, bool]:
    """How it fares inside ``tf.function``; a failure over NumPy says so."""
    return run.value is not None, run.gradient is not None, "numpy" in run.text.lower()


def _is_like(right: Right, place: int, function: Callable, observed: Observation) -> bool:
    mistaken = observe(function, right.inputs[place].arguments, tf.float64)
    if (mistaken.value is None) != (observed.value is None):
        return False
    if mistaken.has_changed_arguments != observed.has_changed_arguments:
        return False
    if mistaken.value is None:
        has_printed = observed.has_printed and observed.kind == "nothing"
        return (mistaken.kind, mistaken.has_printed) == (observed.kind, has_printed)
    return right.is_close(place, observed.value, mistaken.value)


def _in_words(input_: Input, observed: Observation) -> str:
    """The value for an input, for a learner to look at."""
    if observed.value is None:
        return ""
    if observed.value.size == 1:
        return f"{observed.value.item():.5g} for {input_.words}"
    return f"for {input_.words}:\n{np.array2string(observed.value, precision=3, suppress_small=True, threshold=60)}"
