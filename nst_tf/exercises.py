"""The check behind each exercise of the notebooks: says what differs, never raises, and hands out what to go on with."""

from collections.abc import Callable

import numpy as np

from nst_tf import costs
from nst_tf._tensorflow import tf

_TOLERANCE = 1e-3  # relative; loose enough for a GPU's shortened floats


class _Wrong(Exception):  # noqa: N818 - a finding
    """What differs, in one sentence."""


def checked(yours: Callable, solution: Callable, generated_image: tf.Variable | None = None) -> Callable:
    """Check a function that was written in a notebook against the package's own, on random input.

    Prints one line: that the function is right, that it is not written yet (it returns None), or what differs.

    Args:
        yours: the function of the exercise, decorated with ``tf.function`` or not.
        solution: the notebook's solution, named as the exercise with ``_solution`` behind it.
        generated_image: for ``train_step`` only: the image that it is to improve, which is left as it is.

    Returns:
        ``yours`` where it is right, otherwise ``solution``.
    """
    name = _plain(solution).__name__.removesuffix("_solution")
    if yours is solution:
        print(f"{name} is the solution already: to check yours, run the exercise's cell and then this one.")
        return solution
    try:
        if name == "train_step":
            _check_train_step(yours, solution, generated_image)
        else:
            _check_cost(name, yours)
    except NotImplementedError:
        print(f"{name}: not written yet: going on with the solution.")
        return solution
    except _Wrong as finding:
        print(f"{name}: {finding} Going on with the solution.")
        return solution
    print(f"{name} is right: going on with yours.")
    return yours


def _check_cost(name: str, yours: Callable) -> None:
    arguments = _random_arguments(name)
    expected = np.asarray(getattr(costs, name)(*arguments))
    value = _called(yours, *arguments)
    if value is None:
        raise NotImplementedError
    _compare(value, expected, f"for {_shown(arguments[:2])} it gives")
    with tf.GradientTape() as tape:
        last = arguments[-1] if name == "gram_matrix" else arguments[1]
        tape.watch(last)
        value = _called(yours, *arguments)
    if all(gradient is None for gradient in tf.nest.flatten(tape.gradient(tf.convert_to_tensor(value), last))):
        raise _Wrong(
            "the value is right, but it has no gradient, which G needs to get better: use TensorFlow's functions "
            "throughout, as numbers that left it, for NumPy or float(), are constants to it."
        )


def _random_arguments(name: str) -> list:
    generator = np.random.default_rng(1)

    def activation(n_C: int) -> tf.Tensor:
        return tf.constant(generator.normal(size=(1, 4, 5, n_C)), tf.float32)

    if name == "gram_matrix":
        return [tf.constant(generator.normal(size=(3, 20)), tf.float32)]
    if name == "compute_layer_style_cost":
        return [activation(3), activation(3)]
    if name == "total_cost":
        return [tf.constant(2.0), tf.constant(3.0), 5.0, 7.0]
    channels = (2, 3, 4, 5, 6, 7)  # five style layers, and the content layer
    outputs = [[activation(n_C) for n_C in channels] for _ in range(2)]
    if name == "compute_content_cost":
        return outputs
    return [*outputs, [(f"layer {number}", weight) for number, weight in enumerate((0.1, 0.3, 0.2, 0.25, 0.15))]]


def _check_train_step(yours: Callable, solution: Callable, generated_image: tf.Variable) -> None:
    start = tf.round(generated_image)  # only 0 and 1, so that a step without clipping leaves [0, 1]
    expected_J, expected_G = _one_step(solution, start)
    J, G = _one_step(yours, start)
    if J is None:
        if (G == start.numpy()).all():
            raise NotImplementedError
        raise _Wrong("it changes the image, but returns nothing: return J.")
    _compare(J, expected_J.numpy(), "J before the step is given as")
    if (G == start.numpy()).all():
        raise _Wrong("J is right, but the image is not changed: give the optimizer the gradient and the image.")
    if G.min() < 0 or G.max() > 1:
        raise _Wrong(f"after the step, the image has values from {G.min():.3g} to {G.max():.3g}: clip them to [0, 1].")
    if not np.allclose(G, expected_G, atol=1e-4):
        raise _Wrong("J is right, but the image is changed in another way: what is J's gradient taken with respect to?")


def _one_step(train_step: Callable, start: tf.Tensor) -> tuple[object, np.ndarray]:
    """What ``train_step`` returns, and the image after it, with a fresh optimizer in place of the notebook's.

    A Keras optimizer serves one variable only, so the notebook's own is kept for the notebook's image.
    """
    function = _plain(train_step)
    image = tf.Variable(start)
    kept = function.__globals__["optimizer"]
    function.__globals__["optimizer"] = type(kept).from_config(kept.get_config())
    try:
        return _called(function, image), image.numpy()
    finally:
        function.__globals__["optimizer"] = kept


def _called(function: Callable, *arguments: object) -> object:
    """The function's value for copies of the lists among its arguments."""
    try:
        return function(*(list(argument) if isinstance(argument, list) else argument for argument in arguments))
    except (Exception, SystemExit) as error:
        reason = (str(error).strip() or "without a word").splitlines()[0]
        raise _Wrong(f"it fails with {type(error).__name__} ({reason}).") from None


def _compare(value: object, expected: np.ndarray, what: str) -> None:
    try:
        value = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise _Wrong(f"it returns a {type(value).__name__}, where a tensor is expected.") from None
    if value.shape != expected.shape and not (expected.shape == () and value.shape == (1,)):
        raise _Wrong(f"{what} shape {value.shape}; expected {expected.shape}.")
    if np.allclose(value, expected, rtol=_TOLERANCE, atol=_TOLERANCE * np.abs(expected).max()):
        return
    if expected.size == 1:
        ratio = float(value.ravel()[0] / expected)
        raise _Wrong(
            f"{what} {value.ravel()[0]:.5g}; expected {expected:.5g}, so yours is {ratio:.4g} times the right value."
        )
    place = np.unravel_index(np.abs(value - expected).argmax(), expected.shape)
    place_shown = ", ".join(str(int(index)) for index in place)
    raise _Wrong(f"the entry at [{place_shown}] is {value[place]:.5g}; expected {expected[place]:.5g}.")


def _shown(arguments: list) -> str:
    """The arguments in a few words: their shapes, or their values where they are numbers."""
    shapes = []
    for argument in arguments:
        if isinstance(argument, list):
            shapes.append(f"a list of {len(argument)} activations")
        else:
            shapes.append(f"shape {tuple(argument.shape)}" if np.ndim(argument) else f"{float(argument):g}")
    return " and ".join(dict.fromkeys(shapes))


def _plain(function: Callable) -> Callable:
    """The Python function, also where it was decorated with ``tf.function``."""
    return getattr(function, "python_function", function)
