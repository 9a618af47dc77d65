"""Three ways downhill: gradient descent, Adam and L-BFGS.

Each is a function ``optimizer(evaluate, G, learning_rate)``. It starts from the image G, a float32
array of shape (1, h, w, 3) in [0, 1], and calls ``evaluate(G)``, which returns J and ∂J/∂G, as often as
it likes: ``evaluate`` keeps the best image and raises ``StopRun`` when the run is over.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum

import numpy as np

from nst_tf._tensorflow import tf

FIRST_STEP = 0.1  # the most that a first step may change a value, where nothing else says how long it should be
MEMORY = 10  # how many of the last steps L-BFGS remembers
LENGTHS = tuple(np.float32(0.3**k) for k in range(7))  # of its step, tried one after the other until J falls
SUFFICIENT = np.float32(1e-4)  # the part of the fall foreseen that has to come true (Armijo)

Evaluate = Callable[[np.ndarray], tuple[float, np.ndarray]]
Changes = deque[tuple[np.ndarray, np.ndarray]]  # of G and of its gradient, step by step


class Ending(Enum):
    """How a run can end."""

    FINISHED = "all steps were taken"
    CONVERGED = "no step lowers J any further"
    CALLBACK = "the callback ended it"
    INTERRUPTED = "it was interrupted"
    NOT_FINITE = "J is no longer a finite number: lower the learning rate, alpha or beta"


class StopRun(Exception):  # noqa: N818 - no error
    """Raised to end a run."""

    def __init__(self, ending: Ending):
        super().__init__(ending.value)
        self.ending = ending


def gradient_descent(evaluate: Evaluate, G: np.ndarray, learning_rate: float | None) -> None:
    """G ← G − lr · ∂J/∂G, clipped to [0, 1].

    A good lr depends on α, β and the size of the picture. With None it is the one with which the first
    step changes no value by more than ``FIRST_STEP``: J fell with it for all pictures and sizes tried.
    """
    while True:
        _, gradient = evaluate(G)
        if learning_rate is None:
            learning_rate = _step_length(gradient)
        with np.errstate(over="ignore"):  # a step too long for float32 ends at 0 or 1
            G = np.clip(G - learning_rate * gradient, 0, 1)


def adam(evaluate: Evaluate, G: np.ndarray, learning_rate: float) -> None:
    """Adam, G clipped to [0, 1] after each step, as in the course. Source: Kingma and Ba 2014."""
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    variable = tf.Variable(G)
    while True:
        _, gradient = evaluate(variable.numpy())
        optimizer.apply_gradients([(tf.convert_to_tensor(gradient), variable)])
        variable.assign(tf.clip_by_value(variable, 0, 1))


def lbfgs(evaluate: Evaluate, G: np.ndarray, learning_rate: None = None) -> None:
    """L-BFGS, G clipped to [0, 1], which finds its own step length.

    It learns J's curvature from the last steps, and so needs no learning rate. A value at the border of
    [0, 1] that would leave it stays where it is. Gatys et al. 2015 used L-BFGS. Source: Nocedal and Wright,
    "Numerical Optimization", 2nd ed., algorithms 7.4 and 7.5, with Bertsekas' (1982) projection.
    """
    J, gradient = evaluate(G)
    scale = _step_length(gradient)  # the unit of J in which a first step along the gradient has the right length
    J, gradient = scale * J, scale * gradient
    changes: Changes = deque(maxlen=MEMORY)
    while True:
        free = ~((G <= 0) & (gradient > 0) | (G >= 1) & (gradient < 0))
        direction = np.where(free, -_newton_step(np.where(free, gradient, 0), changes), 0)
        if not np.vdot(direction, gradient) < 0:
            if not changes:
                raise StopRun(Ending.CONVERGED)  # the gradient is 0
            changes.clear()
            continue
        for length in LENGTHS:
            trial = np.clip(G + length * direction, 0, 1)
            J_trial, gradient_trial = (scale * value for value in evaluate(trial))
            if J_trial < J + SUFFICIENT * np.vdot(gradient, trial - G):
                break
        else:
            if not changes:
                raise StopRun(Ending.CONVERGED)
            changes.clear()  # rounding may have spoilt them: start afresh from here
            continue
        change = trial - G, gradient_trial - gradient
        if np.vdot(*change) > 0:  # else J curves down here, which no Hessian of a minimum does
            changes.append(change)
        G, J, gradient = trial, J_trial, gradient_trial


def _newton_step(gradient: np.ndarray, changes: Changes) -> np.ndarray:
    """H⁻¹ times the gradient, where the Hessian H is known from the last changes of G and of the gradient."""
    if not changes:
        return gradient
    step, shares = gradient, []
    for of_G, of_gradient in reversed(changes):
        shares.append(np.vdot(of_G, step) / np.vdot(of_G, of_gradient))
        step = step - shares[-1] * of_gradient
    of_G, of_gradient = changes[-1]
    step = step * (np.vdot(of_G, of_gradient) / np.vdot(of_gradient, of_gradient))
    for (of_G, of_gradient), share in zip(changes, reversed(shares), strict=True):
        step = step + (share - np.vdot(of_gradient, step) / np.vdot(of_G, of_gradient)) * of_G
    return step


def _step_length(gradient: np.ndarray) -> float:
    return FIRST_STEP / max(np.abs(gradient).max(), np.finfo(np.float32).tiny)


OPTIMIZERS = {"lbfgs": lbfgs, "adam": adam, "gradient_descent": gradient_descent}
