"""The three ways downhill alone, on functions whose minimum is known."""

import numpy as np
import pytest

from nst_tf.optimizers import OPTIMIZERS, next_image


def images_seen(images, evaluate, count):
    """The first images that an optimizer asks for; fewer where it ends by itself."""
    seen, G = [], next(images)
    while G is not None and len(seen) < count:
        seen.append(G.copy())
        G = next_image(images, *evaluate(G))
    return seen


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_finds_the_minimum_of_a_parabola_within_bounds(name):
    target = np.array([[[[0.2, 0.9, 1.5]]]], np.float32)  # the last lies out of reach
    curvature = np.array([1.0, 3.0, 2.0], np.float32)

    def evaluate(G):
        assert G.dtype == np.float32
        assert G.min() >= 0
        assert G.max() <= 1
        return float(np.sum(curvature * (G - target) ** 2)), 2 * curvature * (G - target)

    start = np.full((1, 1, 1, 3), 0.5, np.float32)
    images = OPTIMIZERS[name](start, {"gradient_descent": 0.1, "adam": 0.03}.get(name))
    seen = images_seen(images, evaluate, 300)
    np.testing.assert_array_equal(seen[0], start)
    np.testing.assert_allclose(seen[-1].ravel(), [0.2, 0.9, 1.0], atol=0.01)
    if name == "lbfgs":
        assert len(seen) < 30


def valley(noise):
    """J and its gradient in a long curved valley (Rosenbrock's, within [0, 1]), rounded as bfloat16 would."""
    rng = np.random.default_rng(0)

    def evaluate(G):
        x, y = G.ravel().astype(np.float64)
        x, y = 1.6 * x, 1.6 * y
        J = 100 * (y - x**2) ** 2 + (1 - x) ** 2
        gradient = 1.6 * np.array([-400 * x * (y - x**2) - 2 * (1 - x), 200 * (y - x**2)])
        J, gradient = (value * (1 + noise * rng.uniform(-1, 1, np.shape(value))) for value in (J, gradient))
        return float(J), gradient.astype(np.float32).reshape(G.shape)

    return evaluate


@pytest.mark.parametrize("noise", [0, 0.01, 0.1])
def test_lbfgs_gets_along_a_valley_and_bears_noise(noise):
    start = np.array([0.05, 0.9], np.float32).reshape(1, 1, 2, 1)
    costs = [valley(0)(G)[0] for G in images_seen(OPTIMIZERS["lbfgs"](start), valley(noise), 150)]
    assert costs[0] > 100
    assert min(costs) < (1e-6 if noise == 0 else 0.5)


def test_gradient_descent_is_the_formula():
    G = np.full((1, 2, 2, 3), 0.5, np.float32)
    gradient = np.linspace(-1, 1, 12, dtype=np.float32).reshape(G.shape)
    seen = images_seen(OPTIMIZERS["gradient_descent"](G, 0.1), lambda _: (0.0, gradient), 3)
    np.testing.assert_allclose(seen[2], 0.5 - 0.2 * gradient, rtol=1e-6)


def test_an_optimizer_ends_where_the_gradient_is_zero():
    G = np.full((1, 2, 2, 3), 0.5, np.float32)
    assert len(images_seen(OPTIMIZERS["lbfgs"](G), lambda G: (1.0, np.zeros_like(G)), 10)) == 1
