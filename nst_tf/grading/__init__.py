"""Graded tests of the course's functions, which say what is wrong.

    from nst_tf.grading import *

    gram_matrix_test(gram_matrix)

Each exercise is a file in ``exercises/``: the right function in steps, what it is tried on, and what learners
do instead. ``trial.py``, ``graphs.py``, ``value_trial.py`` and ``step_trial.py`` watch a function at work and
know nothing of what is right; ``comparison.py``, ``diagnosis.py`` and ``hints.py`` find what is to be said of
it; ``checks.py`` is what the notebooks call. ``course/`` grades a class with nbgrader.
"""

from importlib import import_module
from typing import Any

from nst_tf.grading.exercises.registry import EXERCISES

_HOME_OF = {"Diagnosis": "diagnosis", "checked": "checks", "diagnose": "diagnosis"}
_TEST = "_test"

__all__ = [*_HOME_OF, *(name + _TEST for name in EXERCISES)]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f"nst_tf.grading.{_HOME_OF[name]}"), name)
    if name in __all__:
        return import_module("nst_tf.grading.checks").test_of(name.removesuffix(_TEST))
    raise AttributeError(f"module 'nst_tf.grading' has no attribute {name!r}")
