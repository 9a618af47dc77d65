"""What can truly be said of a wrong function whose mistake is not in the catalogue."""

from fractions import Fraction

import numpy as np

from nst_tf.grading.comparison import Expected, Values, constant_factor, ignored_arguments, is_shape
from nst_tf.grading.graphs import GraphRun
from nst_tf.grading.trial import Evidence, Observation

CallEvidence = Evidence[list[Observation], GraphRun]


def closest_true_statement(expected: Expected, evidence: CallEvidence) -> str:
    """One or two sentences: what kind of thing is wrong, from the coarsest to the finest."""
    for place, observed in enumerate(evidence.written):
        statement = _on_one_call(expected, place, observed)
        if statement:
            return statement
    values = [each.value for each in evidence.written]
    wrong = expected.wrong_places(values)
    return _on_values(expected, values, wrong) if wrong else _on_conduct(expected, evidence)


def advice_on(error: str) -> str:
    """A sentence on an error that doesn't speak for itself, with a space before it."""
    if "attr 'T' of float" in error or "BitwiseXor" in error or "for ^" in error:
        return " Did you mean a power by `^`? Python writes it `**`."
    if "has no attribute 'T'" in error:
        return " A tensor has no `.T`: look for the function that turns rows into columns."
    if "_unique_id" in error or "to unpack (expected 2, got" in error or "apply_gradients() takes" in error:
        return " `apply_gradients` takes a list of pairs, in each the gradient first, then its variable."
    if "does not support item assignment" in error:
        return " A tensor can't be changed in place: compute another one from it."
    if "Cannot convert 'layer" in error:
        return " In each pair of STYLE_LAYERS the name comes first, then λ."
    if "ContentCost.<lambda>()" in error:
        return " Are the cost functions given whole lists of activations?"
    return ""


def _on_one_call(expected: Expected, place: int, observed: Observation) -> str:
    """What can be seen without a look at the numbers."""
    words = expected.inputs[place].words
    if observed.kind == "error":
        return f"For {words}, it stops with {observed.text}.{advice_on(observed.text)}"
    if observed.kind == "nothing":
        return f"For {words}, it returns None."
    if observed.value is None:
        return f"It returns a value of type {observed.kind}: a tensor is expected."
    if not is_shape(observed.value, expected.values[place]):
        shape = expected.values[place].shape
        return (
            f"For {words}, its value has shape {observed.value.shape}: expected "
            f"{shape or 'a scalar, shape ()'}."
        )
    if observed.kind == "tensor" and observed.dtype != "float32":
        return (
            f"It returns a tensor of dtype {observed.dtype}: what came in was float32, "
            "and so is everything that it meets."
        )
    if not np.isfinite(observed.value).all():
        return f"For {words}, there is an infinite value, or one that is not a number."
    return ""


def _on_values(expected: Expected, values: Values, wrong: list[int]) -> str:
    ignored = ignored_arguments(expected, values)
    if ignored:
        names = " and ".join(f"`{name}`" for name in ignored)
        return f"The value does not depend on {names}: is another name used where the argument's belongs?"
    factor = constant_factor(expected, values)
    if factor is not None:
        if abs(factor + 1) < 0.01:
            return "Only the sign is wrong."
        return f"It is always {_as_fraction(factor)} times the right value: look for a constant factor."
    equal = [place for place, each in enumerate(expected.inputs) if each.is_equal]
    if equal and not set(equal) & set(wrong):
        return (
            f"It is 0 where it should be, for {expected.inputs[equal[0]].words}, but not right elsewhere: "
            f"{_number(expected, values, wrong[0])}"
        )
    if len(wrong) < len(values):
        good = next(place for place in range(len(values)) if place not in wrong)
        return (
            f"It is right for {expected.inputs[good].words}, but not always: "
            f"{_number(expected, values, wrong[0])}"
        )
    return f"The value is another one: {_number(expected, values, wrong[0])}"


def _number(expected: Expected, values: Values, place: int) -> str:
    """One value, and what it should be."""
    right, words = expected.values[place], expected.inputs[place].words
    value = np.reshape(np.asarray(values[place]), right.shape)
    if right.size == 1:
        return f"for {words}, it is {value.item():.5g}, where {right.item():.5g} is expected."
    at = np.unravel_index(np.abs(value - right).argmax(), right.shape)
    where = ", ".join(str(int(index)) for index in at)
    return f"for {words}, the entry at [{where}] is {value[at]:.5g}, where {right[at]:.5g} is expected."


def _on_conduct(expected: Expected, evidence: CallEvidence) -> str:
    """The value is right."""
    first, run = evidence.written[0], evidence.run
    if first.has_changed_arguments:
        return (
            "The value is right, but a list that came in is changed: whoever uses it next finds another one."
        )
    if first.kind != "tensor":
        return f"The value is right, but its type is {first.kind}, which has no gradient: return a tensor."
    if run.value is None:
        return (
            "The value is right, but inside `tf.function`, where train_step calls it, "
            f"it stops with {run.text}."
        )
    if not expected.is_right(0, run.value):
        return "The value is right, but inside `tf.function`, where train_step calls it, it is another one."
    if run.gradient is None:
        return (
            "The value is right, but it has no gradient: "
            "somewhere on the way from G it becomes a constant to TensorFlow."
        )
    return (
        "The value is right, but its gradient is not: "
        "a part of what depends on G is a constant to TensorFlow."
    )


def _as_fraction(factor: float) -> str:
    simple = Fraction(factor).limit_denominator(200)
    return str(simple) if simple and abs(factor / simple - 1) < 1e-3 else f"{factor:.4g}"
