"""Three ways downhill: gradient descent, Adam and L-BFGS.

Each is a generator ``optimizer(G, learning_rate)``. It yields the images to evaluate, starting with the
G that it is given: float32 arrays of shape (1, h, w, 3) in [0, 1]. For each it is sent J and ∂J/∂G, an array
that it may overwrite. It ends when no step lowers J any further; the caller may stop sooner. (See
``next_image``.)
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

FIRST_STEP = (
    0.1  # the most that a first step may change a value, where nothing else says how long it should be
)
MEMORY = 10  # how many of the last steps L-BFGS remembers
MOST_KEPT = 2 * (MEMORY + 1)  # arrays of G's size that it keeps for that, with those that a new step replaces
LENGTHS = tuple(np.float32(0.3**k) for k in range(7))  # of its step, tried one after the other until J falls
PART = 2**22  # numbers of which a difference is taken at once
SUFFICIENT = np.float32(1e-4)  # the part of the predicted decrease that has to be achieved (Armijo)

Images = Generator[np.ndarray, tuple[float, np.ndarray], None]  # to evaluate; it is sent J and ∂J/∂G of each


class Kept(Protocol):
    """An array that is stored, in the memory or elsewhere."""

    def pieces(self) -> Iterator[tuple[slice, np.ndarray]]:
        """The flattened array, in one or more pieces: where each is, and its values."""


class InMemory:
    """An array that is kept where it is."""

    def __init__(self, array: np.ndarray):
        self._array = array

    def pieces(self) -> Iterator[tuple[slice, np.ndarray]]:
        """All of it at once."""
        yield slice(None), self._array.reshape(-1)


class Change(NamedTuple):
    """What a step of L-BFGS did.

    Attributes:
        of_image, of_gradient: by how much G and J's gradient changed.
        curvature: their scalar product.
        square: the gradient's change, squared.
    """

    of_image: Kept
    of_gradient: Kept
    curvature: np.float32
    square: np.float32


Changes = deque[Change]


class State(NamedTuple):
    """What L-BFGS goes on from after a step.

    Attributes:
        G: the image.
        gradient: ∂J/∂G, times ``scale``.
        J: of G, times ``scale``.
        scale: what J and its gradient are multiplied by, so that the first step has the right length.
        changes: of the last steps.
    """

    G: np.ndarray
    gradient: np.ndarray
    J: np.float32
    scale: np.float32
    changes: Iterable[Change] = ()


def next_image(images: Images, J: float, gradient: np.ndarray) -> np.ndarray | None:
    """The image that an optimizer wants evaluated after one with this J and ∂J/∂G;
    None where it has ended.
    """
    try:
        return images.send((J, gradient))
    except StopIteration:
        return None


def gradient_descent(G: np.ndarray, learning_rate: float | None) -> Images:
    """G ← G − lr · ∂J/∂G, clipped to [0, 1].

    A good lr depends on α, β and the size of the picture. With None it is the one with which the first
    step changes no value by more than ``FIRST_STEP``: J fell with it for all pictures and sizes tried.
    """
    while True:
        _, gradient = yield G
        if learning_rate is None:
            learning_rate = float(_step_length(gradient))
        with np.errstate(over="ignore"):  # a step too long for float32 ends at 0 or 1
            G = np.clip(G - learning_rate * gradient, 0, 1)


def adam(G: np.ndarray, learning_rate: float) -> Images:
    """Adam, G clipped to [0, 1] after each step, as in the course. Source: Kingma and Ba 2014."""
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    variable = tf.Variable(G)
    while True:
        _, gradient = yield variable.numpy()
        optimizer.apply_gradients([(tf.convert_to_tensor(gradient), variable)])
        variable.assign(tf.clip_by_value(variable, 0, 1))


def lbfgs(
    start: np.ndarray | State,
    learning_rate: None = None,
    keep: Callable[[np.ndarray], Kept] | None = None,
    at_step: Callable[[State], None] | None = None,
) -> Images:
    """L-BFGS, G clipped to [0, 1], which finds its own step length.

    It learns J's curvature from the last steps, and so needs no learning rate. A value at the border of
    [0, 1] that would leave it stays where it is. Gatys et al. 2016 used L-BFGS. Source: Nocedal and Wright,
    "Numerical Optimization", 2nd ed., algorithms 7.4 and 7.5, with Bertsekas' (1982) projection.

    ``keep`` says where the last steps are kept: in the memory, or on the disk, as ``Spool.keep`` does.
    ``at_step`` is called with what each step has reached, which holds until it returns; started from that,
    L-BFGS goes on as if it had never stopped.
    """
    keep = keep or InMemory
    state = start if isinstance(start, State) else (yield from _first_state(start))
    changes: Changes = deque(state.changes, maxlen=MEMORY)
    G, gradient, J, scale = state[:4]
    del start, state  # which hold on to arrays as large as G
    while True:
        if at_step:
            at_step(State(G, gradient, J, scale, changes))
        direction = _direction(G, gradient, changes)
        if not np.vdot(direction, gradient) < 0:
            if not changes:
                return  # the gradient is 0
            changes.clear()
            continue
        for length in LENGTHS:
            trial = length * direction
            trial += G
            np.clip(trial, 0, 1, out=trial)
            J_trial, gradient_trial = _scaled(scale, *(yield trial))
            if J_trial < J + SUFFICIENT * _dot_of_change(gradient, trial, G):
                break
        else:
            if not changes:
                return
            changes.clear()  # rounding may have spoilt them: start afresh from here
            continue
        of_G = np.subtract(trial, G, out=direction)  # in the memory of what is no longer needed
        of_gradient = np.subtract(gradient_trial, gradient, out=gradient)
        curvature = np.vdot(of_G, of_gradient)
        if curvature > 0:  # else J curves downwards here, unlike near a minimum
            square = np.vdot(of_gradient, of_gradient)
            changes.append(Change(keep(of_G), keep(of_gradient), curvature, square))
        del direction, of_G, of_gradient
        G, J, gradient = trial, J_trial, gradient_trial


def _scaled(scale: np.float32, J: float, gradient: np.ndarray) -> tuple[np.float32, np.ndarray]:
    """J and its gradient in other units, without another array if that is possible."""
    return scale * J, np.multiply(gradient, scale, out=gradient if gradient.flags.writeable else None)


def _dot_of_change(gradient: np.ndarray, after: np.ndarray, before: np.ndarray) -> np.float32:
    """gradient · (after − before), where an array for the difference would be large: in parts."""
    of_all = (array.reshape(-1) for array in (gradient, after, before))
    parts = zip(*(np.split(array, range(PART, array.size, PART)) for array in of_all), strict=True)
    return sum((np.vdot(slope, new - old) for slope, new, old in parts), np.float32(0))


def _first_state(G: np.ndarray) -> Generator[np.ndarray, tuple[float, np.ndarray], State]:
    J, gradient = yield G
    scale = _step_length(gradient)
    J_scaled, gradient = _scaled(scale, J, gradient)
    return State(G, gradient, J_scaled, scale)


def _direction(G: np.ndarray, gradient: np.ndarray, changes: Changes) -> np.ndarray:
    """Where J falls, for the values that may move."""
    bound = (G <= 0) & (gradient > 0) | (G >= 1) & (gradient < 0)
    direction = np.where(bound, 0, gradient)
    _to_newton_step(direction.reshape(-1), changes)
    np.negative(direction, out=direction)
    direction[bound] = 0
    return direction


def _to_newton_step(gradient: np.ndarray, changes: Changes) -> None:
    """Make of a gradient, in its place, H⁻¹ times the gradient, where the Hessian H is known from the last
    changes of G and of the gradient.
    """
    if not changes:
        return
    step, shares = gradient, []
    for change in reversed(changes):
        shares.append(_dot(change.of_image, step) / change.curvature)
        _add(step, -shares[-1], change.of_gradient)
    step *= changes[-1].curvature / changes[-1].square
    for change, share in zip(changes, reversed(shares), strict=True):
        _add(step, share - _dot(change.of_gradient, step) / change.curvature, change.of_image)


def _dot(kept: Kept, step: np.ndarray) -> np.float32:
    return sum((np.vdot(values, step[where]) for where, values in kept.pieces()), np.float32(0))


def _add(step: np.ndarray, factor: np.float32, kept: Kept) -> None:
    for where, values in kept.pieces():
        step[where] += factor * values


def _step_length(gradient: np.ndarray) -> np.float32:
    """What makes a first step along the scaled gradient the right length."""
    return FIRST_STEP / max(np.abs(gradient).max(), np.finfo(np.float32).tiny)


OPTIMIZERS: dict[str, Callable[..., Images]] = {
    "lbfgs": lbfgs,
    "adam": adam,
    "gradient_descent": gradient_descent,
}
