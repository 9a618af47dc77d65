"""What the contenders of ``python -m benchmarks`` minimise: pairs of pictures, seeds and objectives.

Nothing here needs TensorFlow or PyTorch, so that each contender's process imports its own library alone.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nst_tf.inputs import Inputs, load_inputs
from nst_tf.settings import Settings

IMAGES = Path(__file__).parent.parent / "images"
SIZE = 400
PAIRS = (("louvre", "summertime"), ("cat", "great_wave"), ("neuschwanstein", "composition_viii"))
SHOWN = ("cat", 0)  # the content and the seed of which pictures are drawn
MOST_IMAGES = 2000  # of a contender, lest a fast machine run out of memory
OBJECTIVES = {
    "course": {"alpha": 10, "beta": 40, "content_layer": "block5_conv4", "style_layers": "course"},
    "default": {"beta": 0.05},
}


class Case(NamedTuple):
    """One objective and one start image."""

    content: str
    style: str
    seed: int
    objective: str

    def settings(self, **options: object) -> Settings:
        common = {"size": SIZE, "init": "noisy_content", "seed": self.seed}
        return Settings(**{**common, **OBJECTIVES[self.objective], **options})

    def paths(self) -> tuple[Path, Path]:
        return IMAGES / f"content/{self.content}.jpg", IMAGES / f"style/{self.style}.jpg"

    def images(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """C, S and the start image."""
        return images_of(load_inputs(*self.paths(), self.settings()))

    def __str__(self) -> str:
        return f"{self.content} × {self.style}, seed {self.seed}, {self.objective}'s objective"


def images_of(inputs: Inputs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """C, S and the start image of a run with one painting."""
    return inputs.C, inputs.regions[0].paintings[0].S, inputs.G


class Goal(NamedTuple):
    """When a contender may stop: at this J, as it computes J itself, or after so many seconds."""

    J: float
    seconds: float


class Track:
    """The images that a contender came to, and when. The clock starts with it."""

    def __init__(self, goal: Goal, started: float):
        self.goal, self.started = goal, started
        self.seconds: list[float] = []
        self.images: list[np.ndarray] = []

    def add(self, now: float, J: float, image: np.ndarray) -> bool:
        """Whether the goal is reached."""
        self.seconds.append(now - self.started)
        self.images.append(np.asarray(image, np.float32).reshape(image.shape[-3:]))
        return J <= self.goal.J or self.seconds[-1] > self.goal.seconds or len(self.images) >= MOST_IMAGES

    def save(self, path: Path) -> None:
        np.savez(path, seconds=self.seconds, images=np.stack(self.images))
