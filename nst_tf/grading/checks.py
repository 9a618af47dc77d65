"""The course's tests: they print a value and "All tests passed", or say what is wrong."""

from collections.abc import Callable

import tensorflow as tf

from nst_tf.grading.diagnosis import diagnose
from nst_tf.grading.trial import plain
from nst_tf.grading.exercises.train_step import ANOTHER_IMAGE
from nst_tf.grading.verdict import Diagnosis

_GREEN, _RED, _PLAIN = "\033[92m", "\033[91m", "\033[0m"


def compute_content_cost_test(target: Callable) -> None:
    """Test ``compute_content_cost``. Raises ``AssertionError``, with a hint, where it is wrong."""
    _test("compute_content_cost", target)


def gram_matrix_test(target: Callable) -> None:
    """Test ``gram_matrix``. Raises ``AssertionError``, with a hint, where it is wrong."""
    _test("gram_matrix", target)


def compute_layer_style_cost_test(target: Callable) -> None:
    """Test ``compute_layer_style_cost``. Raises ``AssertionError``, with a hint, where it is wrong."""
    _test("compute_layer_style_cost", target)


def compute_style_cost_test(target: Callable) -> None:
    """Test ``compute_style_cost``. Raises ``AssertionError``, with a hint, where it is wrong."""
    _test("compute_style_cost", target)


def total_cost_test(target: Callable) -> None:
    """Test ``total_cost``. Raises ``AssertionError``, with a hint, where it is wrong."""
    _test("total_cost", target)


def train_step_test(target: Callable, generated_image: tf.Variable) -> None:
    """Test ``train_step`` on a small network, with an optimizer of the test's own.

    Args:
        target: the function, decorated with ``tf.function`` or not.
        generated_image: the notebook's image, which the test leaves as it is.

    Raises:
        AssertionError: with a hint, where it is wrong.
    """
    before = tf.identity(generated_image)
    diagnosis = diagnose("train_step", target)
    is_changed = bool(tf.reduce_any(before != generated_image))
    generated_image.assign(before)
    if is_changed:
        raise Finding(f"train_step: {ANOTHER_IMAGE}")
    _say(diagnosis)


def checked(test: Callable, yours: Callable, solution: Callable, *others: object) -> Callable:
    """Run a test in a lesson, which goes on in any case.

    Args:
        test: one of the tests above.
        yours: the learner's function.
        solution: the notebook's.
        others: what else the test needs.

    Returns:
        ``yours`` where it is right, otherwise ``solution``.
    """
    name = test.__name__.removesuffix("_test")
    if plain(yours) is plain(solution):
        print(f"{name} is the solution already: to check yours, run the exercise's cell and then this one.")
        return solution
    try:
        test(yours, *others)
    except AssertionError as finding:
        print(f"{finding}\nGoing on with the solution.")
        return solution
    print("Going on with yours.")
    return yours


def _test(name: str, target: Callable) -> None:
    _say(diagnose(name, target))


class Finding(AssertionError):  # noqa: N818 - as a learner reads it
    """What is wrong. Jupyter shows its text alone: the way here says nothing to a learner."""

    def _render_traceback_(self) -> list[str]:
        return [f"{_RED}AssertionError{_PLAIN}: {self}"]


def _say(diagnosis: Diagnosis) -> None:
    if not diagnosis.passed:
        raise Finding(f"{diagnosis.name}: {diagnosis.hint}")
    print(f"{diagnosis.name} gives {diagnosis.value}\n{_GREEN}All tests passed{_PLAIN}")
