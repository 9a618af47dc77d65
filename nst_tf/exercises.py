"""The check behind each exercise of the notebooks: says what differs, never raises, and hands out what to go on with."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from nst_tf import costs
from nst_tf._tensorflow import tf

_TOLERANCE = 1e-3  # relative; loose enough for a GPU's shortened floats
_ANOTHER_IMAGE = "it changes another image than the one it is given: use the argument's name throughout."
_STEPS = 3  # one step of Adam hardly depends on the gradient's size


class _Wrong(Exception):  # noqa: N818 - a finding
    """What differs, in one sentence."""


class _NotWritten(Exception):  # noqa: N818 - a finding
    """The exercise is as it was handed out."""


def checked(yours: Callable, solution: Callable, generated_image: tf.Variable | None = None) -> Callable:
    """Check a function that was written in a notebook against the package's own, on random input.

    Prints one line: that the function is right, that it is not written yet (it returns None), or what differs. It is
    called as it is and inside ``tf.function``, as the notebook does later. Only an interruption gets through.

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
    except _NotWritten:
        print(f"{name}: not written yet: going on with the solution. (It returns None.)")
        return solution
    except _Wrong as finding:
        print(f"{name}: {finding} Going on with the solution.")
        return solution
    except Exception as error:
        print(f"{name}: it can't be checked ({_in_one_line(error)}). Going on with the solution.")
        return solution
    print(f"{name} is right: going on with yours.")
    return yours


def _check_cost(name: str, yours: Callable) -> None:
    arguments = _random_arguments(name)
    value, expected_gradient = _value_and_gradient(getattr(costs, name), arguments)
    expected = np.asarray(value)
    value = _called(_plain(yours), *arguments)
    if value is None:
        raise _NotWritten
    if name == "compute_layer_style_cost":
        _require_channels_in_rows(value, *arguments)
    _compare(value, expected, f"for {_described(name, arguments)} it gives")
    value, gradient = _value_and_gradient(_plain(yours), arguments)
    _compare(value, expected, "called once more, it gives")
    if gradient is None:
        raise _Wrong(
            "the value is right, but it has no gradient, which G needs to get better: what goes through NumPy, float(), "
            "a tf.Variable or tf.stop_gradient is a constant to TensorFlow."
        )
    if not np.allclose(gradient, expected_gradient, rtol=_TOLERANCE, atol=_TOLERANCE * np.abs(expected_gradient).max()):
        raise _Wrong("the value is right, but its gradient is not: part of it is a constant to TensorFlow.")

    @tf.function
    def traced():
        return _plain(yours)(*_copied(arguments))

    _compare(_called(traced), expected, "inside tf.function it gives")


def _value_and_gradient(function: Callable, arguments: list) -> tuple[object, np.ndarray | None]:
    """A function's value, and its gradient with respect to what comes from G (for lists, to all of G's activations)."""
    of_G = arguments[0] if len(arguments) == 1 else arguments[1]
    with tf.GradientTape() as tape:
        tape.watch(of_G)
        value = _called(function, *arguments)
        if value is None:
            raise _Wrong("called once more, it returns None.")
        total = tf.reduce_sum(tf.convert_to_tensor(value))
    gradients = [gradient for gradient in tf.nest.flatten(tape.gradient(total, of_G)) if gradient is not None]
    return value, np.concatenate([np.ravel(gradient) for gradient in gradients]) if gradients else None


def _require_channels_in_rows(value: object, a_S: tf.Tensor, a_G: tf.Tensor) -> None:
    """Recognise the reshape without a transpose, whose shapes look right."""
    _, n_H, n_W, n_C = a_G.shape
    grams = [costs.gram_matrix(tf.reshape(a, [n_C, n_H * n_W])) for a in (a_S, a_G)]
    mistaken = tf.reduce_sum((grams[0] - grams[1]) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)
    if np.shape(value) == () and np.allclose(value, mistaken, rtol=_TOLERANCE):
        raise _Wrong(
            "the rows of your unrolled matrices mix the channels: reshape to (n_H·n_W, n_C) first, then transpose."
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


def _described(name: str, arguments: list) -> str:
    """The arguments in a few words."""
    if name == "total_cost":
        names = ("J_content", "J_style", "alpha", "beta")
        return ", ".join(f"{name} = {float(value):g}" for name, value in zip(names, arguments, strict=True))
    if name == "compute_style_cost":
        return f"random activations and λ = {', '.join(str(weight) for _, weight in arguments[2])}"
    if name == "compute_content_cost":
        return f"random activations, the last of shape {tuple(arguments[0][-1].shape)},"
    return f"shape {tuple(arguments[0].shape)}"


def _check_train_step(yours: Callable, solution: Callable, generated_image: tf.Variable) -> None:
    notebooks_image = generated_image.numpy()
    start = tf.round(generated_image)  # only 0 and 1, so that a step without clipping leaves [0, 1]
    expected_J, _ = _steps(solution, start)
    try:
        J, G = _steps(yours, start)
    except _Wrong as finding:
        if "Unknown variable" in str(finding):  # Keras' optimizer, about an image that it was not made for
            raise _Wrong(_ANOTHER_IMAGE) from None
        raise
    if (generated_image.numpy() != notebooks_image).any():
        generated_image.assign(notebooks_image)
        raise _Wrong(_ANOTHER_IMAGE)
    if J[0] is None:
        if (G[0] == start.numpy()).all():
            raise _NotWritten
        raise _Wrong("it changes the image, but returns nothing: return J.")
    _compare(J[0], np.asarray(expected_J[0]), "J before the step is given as")
    if (G[0] == start.numpy()).all():
        raise _Wrong("J is right, but the image is not changed: give the optimizer the gradient and the image.")
    if not np.isfinite(G[0]).all():
        raise _Wrong("J is right, but after the step the image has values that are not numbers.")
    if G[0].min() < 0 or G[0].max() > 1:
        raise _Wrong(
            f"after the step, the image has values from {G[0].min():.3g} to {G[0].max():.3g}: clip it to [0, 1]."
        )
    if not np.allclose(J, expected_J, rtol=0.01):
        raise _Wrong(
            f"J is right at first, but falls otherwise: {_listed(J)}; expected {_listed(expected_J)}. Is it the gradient of "
            "J with respect to the image, and always the same optimizer?"
        )


def _listed(values: list) -> str:
    return ", ".join(f"{float(value):.4g}" for value in values)


def _steps(train_step: Callable, start: tf.Tensor) -> tuple[list, list[np.ndarray]]:
    """What a few steps return, and the image after each, with a fresh optimizer in place of the notebook's.

    A Keras optimizer serves one variable only, so the notebook's own is kept for the notebook's image.
    """
    function = _plain(train_step)
    image = tf.Variable(start)
    names = getattr(function, "__globals__", {})
    if "optimizer" not in names:
        raise _Wrong("there is no optimizer yet: run the cell that makes one.")
    kept = names["optimizer"]
    traced = tf.function(function)
    try:
        names["optimizer"] = type(kept).from_config(kept.get_config())
        names["optimizer"].build([image])
        done = [(_called(traced, image), image.numpy()) for _ in range(_STEPS)]
    finally:
        names["optimizer"] = kept
    return [J for J, _ in done], [G for _, G in done]


def _called(function: Callable, *arguments: object) -> object:
    """The function's value; where it fails, a finding that says with what."""
    try:
        return function(*_copied(arguments))
    except (Exception, SystemExit) as error:
        raise _Wrong(f"it fails with {_in_one_line(error)}.") from None


def _copied(arguments: Sequence) -> list:
    """The arguments with their lists copied, which a function might change."""
    return [list(argument) if isinstance(argument, list) else argument for argument in arguments]


def _compare(value: object, expected: np.ndarray, what: str) -> None:
    try:
        value = np.asarray(value, np.float64)
    except Exception:
        raise _Wrong(f"it returns a {type(value).__name__}, where a tensor is expected.") from None
    if value.shape != expected.shape and not (expected.shape == () and value.shape == (1,)):
        raise _Wrong(f"{what} shape {value.shape}; expected {expected.shape}.")
    if np.allclose(value, expected, rtol=_TOLERANCE, atol=_TOLERANCE * np.abs(expected).max()):
        return
    if expected.size == 1:
        given = float(value.ravel()[0])
        raise _Wrong(f"{what} {given:.5g}; expected {expected:.5g}{_as_factor(given / float(expected))}.")
    place = np.unravel_index(np.abs(value - expected).argmax(), expected.shape)
    place_shown = ", ".join(str(int(index)) for index in place)
    raise _Wrong(f"the entry at [{place_shown}] is {value[place]:.5g}; expected {expected[place]:.5g}.")


def _as_factor(ratio: float) -> str:
    """The ratio, where it is a simple one: a forgotten or a doubled factor."""
    if not np.isfinite(ratio):
        return ""
    simple = Fraction(ratio).limit_denominator(20)
    is_simple = simple != 0 and abs(ratio / simple - 1) < 1e-4
    return f", so yours is {simple} times the right value" if is_simple else ""


def _in_one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()  # inside tf.function, what matters comes last
    last, name = lines[-1].strip() if lines else "", type(error).__name__
    return last if last.startswith(name) else f"{name}: {last}".removesuffix(": ")


def _plain(function: Callable) -> Callable:
    """The Python function, also where it was decorated with ``tf.function``."""
    return getattr(function, "python_function", function)
