"""The pairs of pictures that are painted: photographs and paintings of different kinds.

Nothing here needs TensorFlow or PyTorch, so that each contender's process imports its own library alone.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.cases import IMAGES
from nst_tf.images import load_image


class Pair(NamedTuple):
    """A photograph, named with its folder in images, and a painting."""

    content: str
    style: str

    def paths(self) -> tuple[Path, Path]:
        return IMAGES / f"{self.content}.jpg", IMAGES / f"style/{self.style}.jpg"

    def images(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """C and S of shape (1, h, w, 3), both with that longer side."""
        C, S = (load_image(path, size) for path in self.paths())
        return C, S

    def __str__(self) -> str:
        return f"{self.content.split('/')[-1]} × {self.style}"


# Night and day, buildings, animals and plains, panorama and portrait; fine strokes, flat colours and a crowd.
PAIRS = (
    Pair("content/louvre", "summertime"),
    Pair("content/chambord", "great_wave"),
    Pair("content/cat", "composition_viii"),
    Pair("content/neuschwanstein", "village_street_in_auvers"),
    Pair("content/macaw", "church_at_auvers"),
    Pair("content/horses", "langlois_bridge"),
    Pair("photos/brandenburg_gate", "cafe_terrace"),
    Pair("photos/mont_st_michel", "summertime"),
    Pair("photos/koala", "great_wave"),
    Pair("photos/duck", "moulin_de_la_galette"),
)


class Task(NamedTuple):
    """One picture to paint: with which weight of the style, how large, and in what time."""

    pair: Pair
    weight: float
    size: int
    seconds: float


class Painted(NamedTuple):
    """The picture, uint8 of shape (h, w, 3), the seconds its iterations took, and how many there were."""

    image: np.ndarray
    seconds: float
    evaluations: int
