"""What is said of a learner's function in the end."""

from dataclasses import dataclass


def marked(rubric: dict[str, float], met: list[bool]) -> tuple[tuple[str, float, float], ...]:
    """A rubric with the points given: (what, points it counts, points given) for each line."""
    return tuple(
        (what, points, points * is_met) for (what, points), is_met in zip(rubric.items(), met, strict=True)
    )


@dataclass(frozen=True)
class Diagnosis:
    """What is to be said about a learner's function.

    Attributes:
        name: of the function.
        score: 0 to 1, the sum of what the rubric gives.
        mistake: the catalogue's slug, two joined by "+", or None where it is right or the mistake is not in the catalogue.
        hint: one or two sentences that lead to the fix; empty where it is right.
        rubric: (what, points it counts, points given), in order.
        value: what it gave, in words, for a random input.
    """

    name: str
    score: float
    mistake: str | None = None
    hint: str = ""
    rubric: tuple[tuple[str, float, float], ...] = ()
    value: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is right."""
        return self.score == 1 and not self.hint

    def __str__(self) -> str:
        verdict = "right" if self.passed else self.hint
        lines = [f"{given:.1f} of {points:.1f}: {what}" for what, points, given in self.rubric]
        return "\n".join(
            [f"{self.name}: {verdict}", f"Score: {self.score:.1f} of 1.0", *(f"  {line}" for line in lines)]
        )
