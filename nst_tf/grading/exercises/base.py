"""A mistake: some steps of a right function, replaced. The catalogue of them is in ``catalogue.py``."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from nst_tf.grading.references import REFERENCES


@dataclass(frozen=True)
class Mistake:
    """One mistake, or two at once.

    Attributes:
        slug: its stable name.
        hint: what leads to the fix, in one or two sentences. ``{error}`` in it becomes the error's text.
        steps: the steps replaced, by name.
        ignores: the argument in place of which something else is taken, where it doesn't matter what.
    """

    slug: str
    hint: str
    steps: dict[str, Callable]
    ignores: str | None = None

    def function(self, name: str) -> Callable:
        """The function of that name with this mistake in it."""
        return dataclasses.replace(REFERENCES[name], **self.steps)


def mistake(slug: str, hint: str, ignores: str | None = None, **steps: Callable) -> Mistake:
    """An entry of the catalogue: the steps are fields of the function's class in ``references.py``."""
    return Mistake(slug, hint, steps, ignores)


def pairs(singles: list[Mistake]) -> Iterator[Mistake]:
    """Every two mistakes that replace different steps, together."""
    for one, other in combinations(singles, 2):
        if not one.steps.keys() & other.steps.keys() and "{error}" not in one.hint + other.hint:
            hint = f"Two things. {one.hint} And: {other.hint}"
            yield Mistake(f"{one.slug}+{other.slug}", hint, one.steps | other.steps)
