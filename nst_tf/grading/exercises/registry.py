"""The one table of the exercises: a new one is a file in this folder and a line here."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names alone are known without TensorFlow
    from nst_tf.grading.exercises.base import Exercise

EXERCISES = {  # the function's name, and the file that describes the exercise
    "compute_content_cost": "content_cost",
    "gram_matrix": "gram_matrix",
    "compute_layer_style_cost": "layer_style_cost",
    "compute_style_cost": "style_cost",
    "total_cost": "total_cost",
    "preprocess": "preprocess",
    "train_step": "train_step",
    "guided_gram_matrix": "guided_gram_matrix",
    "scaled_gram_matrix": "scaled_gram_matrix",
    "channels_first_style_cost": "channels_first",
}


@cache
def exercise(name: str) -> "Exercise":
    """The exercise whose function has that name.

    Raises:
        ValueError: there is none.
    """
    if name not in EXERCISES:
        raise ValueError(f"There is no exercise {name!r}: choose from {', '.join(EXERCISES)}.")
    return import_module(f"nst_tf.grading.exercises.{EXERCISES[name]}").EXERCISE
