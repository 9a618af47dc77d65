"""What can truly be said of a wrong function whose mistake is not in the catalogue."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from nst_tf.grading.advice import Advice, advice_on
from nst_tf.grading.comparison import Expected, Values, constant_factor, ignored_arguments, is_shape
from nst_tf.grading.errors import raised
from nst_tf.grading.graphs import GraphRun
from nst_tf.grading.readings import read_off_failing
from nst_tf.grading.signs import SIGNATURES, Text
from nst_tf.grading.trial import Evidence, Observation

CallEvidence = Evidence[list[Observation], GraphRun]


def closest_true_statement(expected: Expected, evidence: CallEvidence, name: str) -> str:
    """One or two sentences: what kind of thing is wrong, from the coarsest to the finest."""
    for place, observed in enumerate(evidence.written):
        statement = _on_one_call(expected, place, observed)
        if statement:
            return statement
    values = [each.value for each in evidence.written]
    wrong = expected.wrong_places(values)
    return _on_values(expected, values, wrong) if wrong else _on_conduct(expected, evidence, name)


def stopped(expected: Expected, calls: Sequence[Observation], text: Text) -> Advice | None:
    """What is to be said where a call stops with an error; None if none does."""
    for place, observed in enumerate(calls):
        if observed.kind == "error":
            advice = read_off_failing(text, advice_on(observed.text, text.name))
            when = f"For {expected.inputs[place].words}," if place else ""
            if text.has_other_order and advice.slug != "other-parameters":
                advice = Advice("other-order", another_order(text.name))
            return advice._replace(sentence=f"{raised(observed.text, when)} {advice.sentence}")
    return None


def other_defaults(expected: Expected, calls: Sequence[Observation], name: str) -> Advice | None:
    """What is to be said where a value is wrong only for arguments that are left out."""
    wrong = expected.wrong_places([each.value for each in calls])
    given = len(expected.inputs[0].arguments)
    if not wrong or any(len(expected.inputs[place].arguments) == given for place in wrong):
        return None
    return Advice(
        "other-defaults",
        f"It is right when all the arguments are passed, and wrong for {expected.inputs[wrong[0]].words}: "
        f"keep the given first line, `def {SIGNATURES[name]}:`.",
    )


def another_order(name: str) -> str:
    """What is to be said where the parameters are in another order."""
    return (
        "The parameters are in a different order from the one the caller uses, so they receive each other's "
        f"values: keep the given first line, `def {SIGNATURES[name]}:`."
    )


def _on_one_call(expected: Expected, place: int, observed: Observation) -> str:
    """What can be seen without a look at the numbers."""
    words = expected.inputs[place].words
    if observed.kind == "nothing":
        return f"For {words}, it returns None."
    if observed.value is None or observed.kind in ("tuple", "list"):
        return f"It returns a value of type {observed.kind}: return a single tensor."
    if not is_shape(observed.value, expected.values[place]):
        shape = expected.values[place].shape
        return (
            f"For {words}, it returns a tensor of shape {observed.value.shape} instead of "
            f"{f'shape {shape}' if shape else 'a scalar, shape ()'}."
        )
    if observed.kind == "tensor" and observed.dtype != "float32":
        return (
            f"It returns a tensor of dtype {observed.dtype}. The inputs are float32, and so is what the "
            "result is combined with."
        )
    if not np.isfinite(observed.value).all():
        return f"For {words}, the result contains NaN or an infinite value."
    return ""


def _on_values(expected: Expected, values: Values, wrong: list[int]) -> str:
    ignored = ignored_arguments(expected, values)
    if ignored:
        names = " and ".join(f"`{name}`" for name in ignored)
        return (
            f"The result doesn't depend on {names}: do you use another variable where you need the argument?"
        )
    factor = constant_factor(expected, values)
    if factor is not None:
        if abs(factor + 1) < 0.01:
            return "Only the sign is wrong."
        return f"It is always {_as_fraction(factor)} times the right value: look for a constant factor."
    equal = [place for place, each in enumerate(expected.inputs) if each.is_equal]
    if equal and not set(equal) & set(wrong):
        return (
            f"It is correctly 0 for {expected.inputs[equal[0]].words}, but wrong otherwise: "
            f"{_number(expected, values, wrong[0])}"
        )
    if len(wrong) < len(values):
        good = next(place for place in range(len(values)) if place not in wrong)
        return (
            f"It is right for {expected.inputs[good].words}, but not always: "
            f"{_number(expected, values, wrong[0])}"
        )
    return f"The result is wrong: {_number(expected, values, wrong[0])}"


def _number(expected: Expected, values: Values, place: int) -> str:
    """One value, and what it should be."""
    right, words = expected.values[place], expected.inputs[place].words
    value = np.reshape(np.asarray(values[place]), right.shape)
    if right.size == 1:
        return f"for {words}, it is {value.item():.5g} instead of {right.item():.5g}."
    at = np.unravel_index(np.abs(value - right).argmax(), right.shape)
    where = ", ".join(str(int(index)) for index in at)
    return f"for {words}, the entry at [{where}] is {value[at]:.5g} instead of {right[at]:.5g}."


def _on_conduct(expected: Expected, evidence: CallEvidence, name: str) -> str:
    """The value is right."""
    first, run = evidence.written[0], evidence.run
    if first.has_changed_arguments:
        return (
            "The value is right, but a list that is passed in is changed: the next code to use it finds a "
            "different one."
        )
    if first.kind != "tensor":
        return f"The value is right, but its type is {first.kind}, which has no gradient: return a tensor."
    if run.value is None:
        return (
            f"{raised(run.text, 'The value is right, but when train_step calls it inside `tf.function`,')} "
            f"{advice_on(run.text, name).sentence}"
        )
    if not expected.is_right(0, run.value):
        return (
            "The value is right, but when train_step calls it inside `tf.function`, the value is different."
        )
    if run.gradient is None:
        return (
            "The value is right, but there is no gradient: somewhere between G and the result, TensorFlow "
            "starts treating it as a constant."
        )
    return (
        "The value is right, but its gradient isn't: TensorFlow treats a part of what depends on G as a "
        "constant."
    )


def _as_fraction(factor: float) -> str:
    simple = Fraction(factor).limit_denominator(200)
    return str(simple) if simple and abs(factor / simple - 1) < 1e-3 else f"{factor:.4g}"
