"""A function that is judged by its value and its gradient: every exercise but the training step."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from numpy.random import Generator

from nst_tf.grading.comparison import (
    TOLERANCE,
    Expected,
    constant_factor,
    ignored_arguments,
    is_shape,
    is_unchanged,
)
from nst_tf.grading.errors import without_line
from nst_tf.grading.exercises.base import Exercise, Judgement, Mistake, pairs
from nst_tf.grading.graphs import GraphRun
from nst_tf.grading.hints import (
    CallEvidence,
    another_order,
    closest_true_statement,
    other_defaults,
    stopped,
)
from nst_tf.grading.readings import read_off
from nst_tf.grading.signs import Text
from nst_tf.grading.trial import Evidence, Observation, Trial, converted, observe
from nst_tf.grading.value_trial import Input, ValueTrial


@dataclass(frozen=True)
class ValueExercise(Exercise):
    """A function from activations, costs or pictures to a tensor.

    Attributes:
        name: of the function.
        right: the right function in steps, which a mistake replaces.
        differentiated: the places of the arguments that depend on G.
        inputs: makes the inputs that it is tried on from a generator of random numbers.
        mistakes: what learners do instead.
        helpers: see ``Exercise``.
        tolerance: how far a value may be from the right one, relative to the largest.
        large: makes the input of real size, where that makes a difference.
        mistakes_at_large: what makes a function wrong for that input alone.
    """

    rubric: ClassVar[Mapping[str, float]] = {
        "returns a tensor of the right shape, and leaves its arguments as they are": 0.2,
        "has the right value, up to a constant factor": 0.2,
        "has the right value": 0.3,
        "has the right value and the right gradient inside tf.function, where train_step calls it": 0.3,
    }

    name: str
    right: Any
    differentiated: tuple[int, ...]
    inputs: Callable[[Generator], list[Input]]
    mistakes: list[Mistake]
    helpers: Mapping[str, Callable] = field(default_factory=dict)
    tolerance: float = TOLERANCE
    large: Callable[[], Input] | None = None
    mistakes_at_large: list[Mistake] = field(default_factory=list)

    def trial(self, seed: int, weights: Mapping[str, float] | None = None) -> ValueTrial:
        """Calls with random arguments; see ``Exercise``."""
        return ValueTrial(self.inputs(np.random.default_rng(seed)), self.differentiated)

    def larger(self, trial: Trial) -> ValueTrial | None:
        """The first call and one of real size; see ``Exercise``."""
        if self.large is None or not isinstance(trial, ValueTrial):
            return None
        return replace(trial, inputs=[trial.inputs[0], self.large()])

    def unseen(self, trial: Trial) -> ValueTrial:
        """The first call with other numbers; see ``Exercise``."""
        assert isinstance(trial, ValueTrial)
        random = np.random.default_rng()

        def other(array: np.ndarray) -> np.ndarray:
            return (array * random.uniform(0.5, 1.0, np.shape(array))).astype(np.float32)

        first = replace(trial.inputs[0], arguments=tuple(converted(trial.first, other)))
        return replace(trial, inputs=[first])

    def is_right_run(self, trial: Trial, run: GraphRun) -> bool:
        """Whether value and gradient are right; see ``Exercise``."""
        assert isinstance(trial, ValueTrial)
        expected = Expected(self.right, replace(trial, inputs=trial.inputs[:1]), self.tolerance)
        return expected.is_right(0, run.value) and expected.is_gradient(run.gradient)

    def all_mistakes(self) -> Iterator[Mistake]:
        """The mistakes, and then every two of them that combine."""
        yield from self.mistakes
        yield from pairs(self.mistakes)

    def judged(self, trial: Trial, evidence: Evidence) -> Judgement:
        """Whether the function is right; see ``Exercise``."""
        if not isinstance(trial, ValueTrial):
            raise TypeError(f"{self.name} is tried by its value, not in a {type(trial).__name__}.")
        if len(evidence.written) != len(trial.inputs):
            raise ValueError(f"There are {len(evidence.written)} observations of {len(trial.inputs)} calls.")
        expected = Expected(self.right, trial, self.tolerance)
        met = _met(expected, evidence)
        value = _shown_value(trial.inputs[0], evidence.written[0])
        if all(met):
            return Judgement(met, value=value)
        slug, hint = self._explained(trial, expected, evidence)
        return Judgement(met, slug, hint, value)

    def _explained(
        self, trial: ValueTrial, expected: Expected, evidence: CallEvidence
    ) -> tuple[str | None, str]:
        """The mistake's name, if it has one, and the hint."""
        text = Text(self.name, evidence.source)
        if stop := stopped(expected, evidence.written, text):
            return stop
        if others := other_defaults(expected, evidence.written, self.name):
            return others
        mistake = self._mistake_like(trial, expected, evidence)
        slug = mistake.slug if mistake else None
        hint = mistake.hint if mistake else closest_true_statement(expected, evidence, self.name)
        is_right = not expected.wrong_places([each.value for each in evidence.written])
        if text.has_other_order and self._is_right_in_order(text.parameters, expected, evidence.written):
            return "other-order", f"{hint if is_right else ''} {another_order(self.name)}".strip()
        values = [each.value for each in evidence.written]
        is_unsummed = expected.values[0].size == 1 and values[0] is not None and values[0].size > 1
        ignored = ignored_arguments(expected, values)
        return read_off(text, slug, is_right, is_unsummed, ignored) or (slug, hint)

    def _is_right_in_order(
        self, parameters: Sequence[str], expected: Expected, calls: Sequence[Observation]
    ) -> bool:
        """Whether the values are right for arguments that come in this order."""

        def reordered(*arguments: Any) -> tf.Tensor:
            return self.right(**dict(zip(parameters, arguments, strict=False)))

        return all(_is_like(expected, place, reordered, each) for place, each in enumerate(calls))

    def _mistake_like(self, trial: ValueTrial, expected: Expected, evidence: CallEvidence) -> Mistake | None:
        """The mistake, or two of them together, that behaves like the submission."""
        written = evidence.written
        closest = None
        wrong = expected.wrong_places([each.value for each in written])
        is_wrong_at_large = bool(wrong) and all(trial.inputs[place].is_large for place in wrong)
        for mistake in self.mistakes_at_large if is_wrong_at_large else self.all_mistakes():
            function = mistake.in_place_of(self.right)
            if not all(_is_like(expected, place, function, each) for place, each in enumerate(written)):
                continue
            run = trial.run(trial.traced(function, {}))
            kind = observe(function, trial.first).kind
            if kind == written[0].kind and _conduct(run) == _conduct(evidence.run):
                return mistake
            closest = closest or mistake
        values = [each.value for each in written]
        if not wrong:
            return None
        ignored = ignored_arguments(expected, values)
        return closest or next((each for each in self.mistakes if each.ignores in ignored), None)


def _met(expected: Expected, evidence: CallEvidence) -> list[bool]:
    """For each line of the rubric, whether it is met."""
    values = [each.value for each in evidence.written]
    first = values[0]
    is_tensor = all(
        (each.kind, each.dtype) == ("tensor", "float32")
        and not each.has_changed_arguments
        and each.value is not None
        and is_shape(each.value, right)
        and np.isfinite(each.value).all()
        for each, right in zip(evidence.written, expected.values, strict=True)
    )
    depends = (
        is_tensor
        and first is not None
        and any(
            (each.only or each.is_large) and not is_unchanged(values[place], first)
            for place, each in enumerate(expected.inputs)
        )
    )
    has_value = not expected.wrong_places(values)
    run = evidence.run
    is_traced = expected.is_right(0, run.value) and expected.is_gradient(run.gradient)
    is_proportional = has_value or constant_factor(expected, values) is not None
    return [depends, is_proportional, has_value, has_value and is_traced]


def _conduct(run: GraphRun) -> tuple[bool, bool, bool]:
    """Whether it has a value and a gradient inside ``tf.function``, and whether its error mentions NumPy."""
    return run.value is not None, run.gradient is not None, "numpy" in without_line(run.text).lower()


def _is_like(expected: Expected, place: int, function: Callable, observed: Observation) -> bool:
    mistaken = observe(function, expected.inputs[place].arguments, tf.float64)
    if mistaken.has_changed_arguments != observed.has_changed_arguments:
        return False
    if mistaken.value is None or observed.value is None:
        has_printed = observed.has_printed and observed.kind == "nothing"
        return mistaken.value is observed.value and (mistaken.kind, mistaken.has_printed) == (
            observed.kind,
            has_printed,
        )
    return expected.is_close(observed.value, mistaken.value)


def _shown_value(input_: Input, observed: Observation) -> str:
    """The value for an input, for a learner to look at."""
    if observed.value is None:
        return ""
    if observed.value.size == 1:
        return f"{observed.value.item():.5g} for {input_.words}"
    shown = np.array2string(observed.value, precision=3, suppress_small=True, threshold=60)
    return f"for {input_.words}:\n{shown}"
