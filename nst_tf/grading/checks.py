"""The course's tests: they print a value and "All tests passed", or say what is wrong."""

from collections.abc import Callable
from functools import cache

import tensorflow as tf

from nst_tf.grading.diagnosis import Diagnosis, diagnose
from nst_tf.grading.exercises.common import ANOTHER_IMAGE
from nst_tf.grading.exercises.registry import exercise
from nst_tf.grading.trial import python_function

_GREEN, _RED, _PLAIN = "\033[92m", "\033[91m", "\033[0m"


@cache
def test_of(name: str) -> Callable[..., None]:
    """The test of an exercise's function, such as ``gram_matrix_test``."""

    asked = exercise(name)

    def test(target: Callable, *images: tf.Variable) -> None:
        if len(images) != len(asked.images):
            raise TypeError(f"{name}_test takes {' and '.join([name, *asked.images])}.")
        kept = images if tf.executing_eagerly() else ()  # otherwise nothing here could change them
        before = [tf.identity(image) for image in kept]
        diagnosis = diagnose(name, target)
        is_changed = [bool(tf.reduce_any(was != image)) for was, image in zip(before, kept, strict=True)]
        for was, image in zip(before, kept, strict=True):
            image.assign(was)
        if any(is_changed):
            raise Finding(f"{name}: {ANOTHER_IMAGE}")
        _say(diagnosis)

    test.__name__ = test.__qualname__ = f"{name}_test"
    test.__doc__ = f"""Test ``{name}``.

    Args:
        target: the function, decorated with ``tf.function`` or not.
        images: variables of the notebook that the function may change when it is used, such as the generated
            image of ``train_step``. The test leaves them as they are.

    Raises:
        AssertionError: with a hint, where it is wrong.
    """
    return test


def checked(test: Callable, yours: Callable, solution: Callable, *others: object) -> Callable:
    """Run a test in a lesson, which goes on whatever the result.

    Args:
        test: such as ``gram_matrix_test``.
        yours: the learner's function.
        solution: the notebook's.
        others: what else the test needs.

    Returns:
        ``yours`` where it is right, otherwise ``solution``.
    """
    name = test.__name__.removesuffix("_test")
    if python_function(yours) is python_function(solution):
        print(f"{name} is already the solution: to check yours, run the exercise's cell and then this one.")
        return solution
    try:
        test(yours, *others)
    except AssertionError as finding:
        print(f"{finding}\nGoing on with the solution.")
        return solution
    print("Going on with yours.")
    return yours


class Finding(AssertionError):  # noqa: N818 - as a learner reads it
    """What is wrong. Jupyter shows only its text: the traceback would tell a learner nothing."""

    def _render_traceback_(self) -> list[str]:
        return [f"{_RED}AssertionError{_PLAIN}: {self}"]


def _say(diagnosis: Diagnosis) -> None:
    if not diagnosis.passed:
        raise Finding(f"{diagnosis.name}: {diagnosis.hint}")
    print(f"{diagnosis.name} gives {diagnosis.value}\n{_GREEN}All tests passed{_PLAIN}")
