"""The rows that a run collects, kept in a file as they come, so that it can go on where it stopped."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.pairs import Pair, Task
from nst_tf.files import written_aside

MEASURES = ("grain", "median_grain", "style", "content", "edges")


@dataclass(frozen=True)
class Row:
    """One picture and its marks.

    Attributes:
        name: of the contender, in ``CONTENDERS``.
        recipe: the contender's, when the picture was made.
        size, limit: of the task, in pixels and seconds.
        seconds, evaluations: that its iterations took.
        marks: what the referee says, by the names in ``MEASURES``.
    """

    pair: Pair
    name: str
    weight: float
    recipe: str
    size: int
    limit: float
    seconds: float = 0
    evaluations: int = 0
    marks: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple:
        """Rows with the same key are the same experiment."""
        return (self.pair, self.name, self.weight, self.recipe, self.size, self.limit)

    @property
    def task(self) -> Task:
        return Task(self.pair, self.weight, self.size, self.limit)

    @property
    def file(self) -> str:
        """Name of its picture."""
        photograph = self.pair.content.split("/")[-1]
        return f"{photograph}_{self.pair.style}_{self.name}_{self.weight:g}_{self.size}px_{self.limit:g}s.png"


def planned(pairs: list[Pair], names: list[str], size: int, limit: float) -> list[Row]:
    """The rows to come, without marks, pair by pair."""
    return [
        Row(pair, name, weight, CONTENDERS[name].recipe, size, limit)
        for pair in pairs
        for name in names
        for weight in CONTENDERS[name].weights
    ]


def load(path: Path) -> list[Row]:
    """The rows of earlier runs."""
    if not path.exists():
        return []
    return [Row(**{**row, "pair": Pair(*row["pair"])}) for row in json.loads(path.read_text())]


def save(rows: list[Row], path: Path) -> None:
    """All rows, in a file that is never half written."""
    with written_aside(path) as aside:
        aside.write_text(json.dumps([asdict(row) for row in rows], indent=1))
