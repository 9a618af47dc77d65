"""Graded tests of the course's functions, which say what is wrong.

    from nst_tf.grading import *

    gram_matrix_test(gram_matrix)

In the order of the files: ``references.py`` has the right functions, in steps, and ``catalogue.py`` what learners do
instead; ``inputs.py`` is what both are tried on; ``observing.py`` and ``graphs.py`` watch a function at work; ``judged.py``,
``diagnosis.py`` and ``statements.py`` find what is to be said of it. ``training.py``, ``training_mistakes.py`` and
``training_diagnosis.py`` do the same for ``train_step``. ``checks.py`` is what the notebooks call. For the teacher,
``assignment.py`` reads what was handed in, ``sandbox.py`` and ``worker.py`` try it in a process of its own, and
``course.py`` and ``nbgrader_plugin.py`` grade a class with nbgrader.
"""

from importlib import import_module

_HOME_OF = {
    "Diagnosis": "diagnosis",
    "checked": "checks",
    "compute_content_cost_test": "checks",
    "compute_layer_style_cost_test": "checks",
    "compute_style_cost_test": "checks",
    "diagnose": "diagnosis",
    "gram_matrix_test": "checks",
    "total_cost_test": "checks",
    "train_step_test": "checks",
}

__all__ = [*_HOME_OF]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nst_tf.grading' has no attribute {name!r}")
    return getattr(import_module(f"nst_tf.grading.{_HOME_OF[name]}"), name)
