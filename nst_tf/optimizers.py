"""Three ways downhill: gradient descent, Adam and L-BFGS.

Each is a function ``optimizer(evaluate, G, learning_rate)``. It starts from the image G, a float32
array of shape (1, h, w, 3) in [0, 1], and calls ``evaluate(G)``, which returns J and ∂J/∂G, as often as
it likes: ``evaluate`` keeps the best image and raises ``StopRun`` when the run is over.
"""

from collections.abc import Callable
from enum import Enum

import numpy as np
from scipy.optimize import minimize

from nst_tf._tensorflow import tf

FIRST_STEP = 0.1  # the most that a first step may change a value, where nothing else says how long it should be

Evaluate = Callable[[np.ndarray], tuple[float, np.ndarray]]


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
    """L-BFGS with each value bound to [0, 1], which finds its own step length.

    It approximates J's curvature from the last steps, and so needs no learning rate.
    Gatys et al. 2015 used it. Source: Byrd, Lu, Nocedal and Zhu 1995, in SciPy.
    """

    scale = None  # J's scale decides how far SciPy's first step goes, and nothing else

    def scaled_J_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal scale
        J, gradient = evaluate(x.astype(np.float32).reshape(G.shape))
        scale = scale or _step_length(gradient)
        return scale * J, scale * gradient.astype(np.float64).ravel()

    x, J = G.astype(np.float64).ravel(), np.inf
    endless = {"maxiter": 10**9, "maxfun": 10**9, "ftol": 0, "gtol": 0}
    while True:
        found = minimize(
            scaled_J_and_gradient, x, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * x.size, options=endless
        )
        # float32's rounding can end a line search early; a fresh start often goes on from there.
        if not found.fun < J:
            raise StopRun(Ending.CONVERGED)
        x, J = found.x, found.fun


def _step_length(gradient: np.ndarray) -> float:
    return FIRST_STEP / max(np.abs(gradient).max(), np.finfo(np.float32).tiny)


OPTIMIZERS = {"lbfgs": lbfgs, "adam": adam, "gradient_descent": gradient_descent}
