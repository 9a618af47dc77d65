"""The types that the exercises are made of.

An exercise has a right function, written as named steps or as a whole, what it is tried on, and the mistakes
that learners make. Only this folder knows what is right: a trial (``trial.py``)
does not.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from types import FunctionType
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nst_tf.grading.trial import Evidence, Trial

TWO = "There are two problems. "  # before the hints of two mistakes at once


class Judgement(NamedTuple):
    """What is found out about a function.

    Attributes:
        met: for each line of the exercise's rubric, whether it is met.
        mistake: the slug of the mistake that behaves like it, two of them joined by "+", or None.
        hint: one or two sentences that lead to the fix; empty where the function is right.
        value: what it gave for the first input, in words.
    """

    met: list[bool]
    mistake: str | None = None
    hint: str = ""
    value: str = ""


class Exercise(ABC):
    """A function that learners write.

    Attributes:
        rubric: what is asked for, line by line, and the share of the points that each line is worth.
        images: variables that its test is given besides the function, by name.
        name: of the function.
        helpers: right versions of the functions that it calls, by name, so that a mistake counts only once.
    """

    rubric: ClassVar[Mapping[str, float]]
    images: ClassVar[tuple[str, ...]] = ()
    name: str
    helpers: Mapping[str, Callable]

    @abstractmethod
    def trial(self, seed: int, weights: Mapping[str, float] | None = None) -> Trial:
        """What the function is tried on.

        Args:
            seed: one seed, one trial.
            weights: the notebook's ``alpha`` and ``beta``, where it has such globals.
        """

    def larger(self, trial: Trial) -> Trial | None:
        """The trial's first input and one of real size, where that makes a difference; otherwise None.

        A function is tried on it only if it is right in the trial: a wrong one might fill the memory.
        """
        return None

    @abstractmethod
    def unseen(self, trial: Trial) -> Trial:
        """A trial of the same shapes with other numbers, which nobody can know before."""

    @abstractmethod
    def is_right_run(self, trial: Trial, run: Any) -> bool:
        """Whether a graph did in a trial what the right function does.

        Raises:
            ArithmeticError, AttributeError, LookupError, TypeError, ValueError: see ``judged``.
        """

    @abstractmethod
    def judged(self, trial: Trial, evidence: Evidence) -> Judgement:
        """Whether the function is right, from what it did in a trial.

        Raises:
            ArithmeticError, AttributeError, LookupError, TypeError, ValueError: the evidence is of another
                trial, or it was tampered with.
        """


# --------------------------------------------------------------------------- the right function in steps


def the_same(value: Any) -> Any:
    """A step that leaves its value as it is, for a mistake to replace."""
    return value


class RightFunction:
    """A right function, as a frozen dataclass: a field is a step,
    and ``__call__`` puts the steps together.
    """

    def __post_init__(self) -> None:
        """Keep AutoGraph, which can't tell one lambda in a line from another, out of the steps."""
        for name, step in list(vars(self).items()):
            if isinstance(step, FunctionType):
                object.__setattr__(self, name, tf.autograph.experimental.do_not_convert(step))


@dataclass(frozen=True)
class Mistake:
    """One mistake, or two at once: some steps of the right function, replaced.

    Attributes:
        slug: its stable name.
        hint: what leads to the fix, in one or two sentences.
        steps: the steps replaced, by name.
        ignores: the argument in whose place something else is used, if it doesn't matter what.
    """

    slug: str
    hint: str
    steps: dict[str, Callable]
    ignores: str | None = None

    def in_place_of(self, right: Any) -> Callable:
        """The right function with this mistake in it."""
        return dataclasses.replace(right, **self.steps)


def mistake(slug: str, hint: str, ignores: str | None = None, **steps: Callable) -> Mistake:
    """A mistake whose steps are given by name."""
    return Mistake(slug, hint, steps, ignores)


def pairs(singles: list[Mistake]) -> Iterator[Mistake]:
    """Every two mistakes that replace different steps, together."""
    for one, other in combinations(singles, 2):
        if not one.steps.keys() & other.steps.keys():
            hint = f"{TWO}{one.hint} And: {other.hint}"
            yield Mistake(f"{one.slug}+{other.slug}", hint, one.steps | other.steps)
