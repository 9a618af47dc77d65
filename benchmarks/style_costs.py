"""Does another style cost than the Gram matrix come nearer to the painting, at equal content error?

    python -m benchmarks.style_costs                   # 50 minutes on two cores, with nothing else running
    python -m benchmarks.style_costs --pairs cat       # one pair; a later call goes on from what is there
    python -m benchmarks.style_costs --only-tables     # of what is there

Three costs paint the same pairs, each with several weights, at one size and from the content image, until J
has converged, or for 200 steps. The pictures and their marks go to ``outputs/style_costs`` (another folder:
``-o``).
"""

import argparse
import functools
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks.cases import IMAGES
from benchmarks.quality import referee
from benchmarks.quality.measures import at_error
from benchmarks.quality.pairs import PAIRS, Pair
from nst_tf.control.strength import balance_of
from nst_tf.convergence import fall_of, is_little
from nst_tf.costs import compute_content_cost, total_variation_cost
from nst_tf.images import load_image, tensor_to_image
from nst_tf.inputs import load_inputs
from nst_tf.large.compiled import activations_of
from nst_tf.layers import BALANCED
from nst_tf.optimizers import lbfgs, next_image
from nst_tf.precision import fastest_precision
from nst_tf.progress import say_nothing
from nst_tf.settings import Settings
from nst_tf.terms import STATISTICS
from nst_tf.vgg import load_vgg19

SIZE, MOST_STEPS = 256, 200
CONTENTS = ("chambord", "cat", "macaw", "brandenburg_gate")  # in PAIRS: four kinds of picture and painting
ERRORS = (0.7, 0.8, 0.9)  # content errors at which the costs are compared
RIDGE = 1e-3  # added to the covariances' diagonals, in mean variances of S


@functools.cache
def settings() -> Settings:
    """Of all runs, in the precision that this machine computes faster."""
    return Settings(size=SIZE, init="content", precision=fastest_precision()[0])


class Cost(NamedTuple):
    """What G should get close to at one layer, computed once from a_S, and how far a_G is from it.

    ``weights`` are those of the style, β/α in units of J_content(0) / J_style(0).
    """

    target: Callable[[tf.Tensor], Any]
    distance: Callable[[Any, tf.Tensor], tf.Tensor]
    weights: tuple[float, ...]


def of_the_program(name: str, *weights: float) -> Cost:
    """As ``style_statistics`` has it."""

    def statistic(a: tf.Tensor) -> tf.Tensor:
        return STATISTICS[name].whole(a)

    return Cost(statistic, lambda S, a: STATISTICS[name].distance(S, statistic(a)), weights)


def gaussian(a: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and covariance of the channels."""
    mean = tf.reduce_mean(a, [0, 1, 2])
    return mean, STATISTICS["gram"].whole(a - mean)


class Gaussian(NamedTuple):
    """S's, with what makes its distances quick to compute."""

    mean: tf.Tensor
    trace: tf.Tensor
    root: tf.Tensor  # Σ_S^½, float64
    ridge: tf.Tensor  # a multiple of the identity, float64


def gaussian_target(a: tf.Tensor) -> Gaussian:
    mean, covariance = gaussian(a)
    covariance = tf.cast(covariance, tf.float64)
    unit = tf.eye(tf.shape(covariance)[0], dtype=tf.float64)
    ridge = RIDGE * unit * tf.linalg.trace(covariance) / tf.linalg.trace(unit)
    values, vectors = tf.linalg.eigh(covariance + ridge)
    root = tf.matmul(vectors * tf.sqrt(values), vectors, transpose_b=True)
    return Gaussian(mean, tf.reduce_sum(values), root, ridge)


def wasserstein(S: Gaussian, a: tf.Tensor) -> tf.Tensor:
    """‖μ_S − μ_G‖² + tr Σ_S + tr Σ_G − 2 tr (Σ_S^½ Σ_G Σ_S^½)^½.

    Source: Dowson and Landau, "The Fréchet Distance between Multivariate Normal Distributions" (1982).
    """
    mean, covariance = gaussian(a)
    covariance = tf.cast(covariance, tf.float64) + S.ridge
    product = tf.matmul(S.root, tf.matmul(covariance, S.root))
    of_covariances = S.trace + tf.linalg.trace(covariance) - 2 * trace_of_root(product)
    return tf.reduce_sum(tf.square(S.mean - mean)) + tf.cast(of_covariances, tf.float32)


@tf.custom_gradient
def trace_of_root(M: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """tr M^½, and its gradient, ½ M^−½, which TensorFlow's spoils where eigenvalues are equal."""
    values, vectors = tf.linalg.eigh(M)
    roots = tf.sqrt(tf.maximum(values, 1e-14 * values[-1]))
    return tf.reduce_sum(roots), lambda d: d * tf.matmul(vectors / (2 * roots), vectors, transpose_b=True)


COSTS = {
    "gram": of_the_program("gram", 2.5, 8, 25, 80, 250),
    "moments": of_the_program("moments", 5, 16, 50, 250, 1000),
    "wasserstein": Cost(gaussian_target, wasserstein, (2.5, 8, 25, 80)),
}


# ------------------------------------------------------------------------------------ painting


@functools.cache
def layers() -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """The activations of the style layers and last of the content layer."""
    return activations_of(network(), settings())


def network() -> tf.keras.Model:
    return load_vgg19(precision=settings().precision, say=say_nothing)


@functools.cache
def lambdas(name: str) -> list[float]:
    """λ of the layers: the program's, and for the Wasserstein distance on the same principle, inversely
    proportional to what activations of 0 would cost there.
    """
    if name in BALANCED:
        return [weight for _, weight in BALANCED[name]]
    paintings = [tf.constant(load_image(path, SIZE)) for path in sorted((IMAGES / "style").glob("*.jpg"))]
    logs = np.mean([np.log(of_silence(name, layers()(S)[:-1])) for S in paintings], axis=0)
    return np.exp(-logs).tolist()


def of_silence(name: str, a_S: list[tf.Tensor]) -> list[float]:
    """What activations of 0 would cost at each layer, without λ."""
    cost = COSTS[name]
    return [float(cost.distance(cost.target(a), tf.zeros_like(a))) for a in a_S]


class Objective:
    """α J_content + β J_style + γ J_tv and its gradient; α and γ are the program's at a strength of ½."""

    def __init__(self, pair: Pair, name: str):
        inputs = load_inputs(*pair.paths(), settings())
        cost, weights = COSTS[name], lambdas(name)
        self.C = inputs.C
        a_C, S = layers()(tf.constant(self.C))[-1], tf.constant(inputs.regions[0].paintings[0].S)
        a_S = layers()(S)[:-1]
        targets = [cost.target(a) for a in a_S]
        alpha, _, gamma = balance_of(network(), inputs, settings()).weights(0.5, settings().alpha)
        unit = alpha * compute_content_cost(a_C, tf.zeros_like(a_C)) / np.dot(weights, of_silence(name, a_S))

        @tf.function(autograph=False, input_signature=[tf.TensorSpec(self.C.shape), tf.TensorSpec([])])
        def evaluate(G: tf.Tensor, weight: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(G)
                *a, a_G = layers()(G)
                distances = [cost.distance(*both) for both in zip(targets, a, strict=True)]
                J_style = tf.tensordot(tf.constant(weights, tf.float32), tf.stack(distances), 1)
                J = alpha * compute_content_cost(a_C, a_G) + gamma * total_variation_cost(G)
                J += weight * unit * J_style
            return J, tape.gradient(J, G)

        self._evaluate = evaluate.get_concrete_function()

    def __call__(self, G: np.ndarray, weight: float) -> tuple[float, np.ndarray]:
        J, gradient = self._evaluate(tf.constant(G), tf.constant(weight, tf.float32))
        return float(J), gradient.numpy()


objective_for = functools.lru_cache(maxsize=1)(Objective)


def painted(objective: Objective, weight: float) -> tuple[np.ndarray, list[float]]:
    """The best picture, and J at every step until it has converged or there were MOST_STEPS."""
    images = lbfgs(objective.C.copy())
    G, best, costs = next(images), objective.C, []
    while G is not None and len(costs) < MOST_STEPS and not is_little(fall_of(costs, len(costs))):
        J, gradient = objective(G, weight)
        best = G if not costs or min(costs) > J else best
        costs.append(J)
        G = next_image(images, J, gradient)
    return best, costs


def row_for(pair: Pair, name: str, weight: float, folder: Path) -> dict:
    """The marks of one picture, which is painted unless they are there."""
    path = folder / f"{pair.content.split('/')[-1]}_{name}_{weight:g}.json"
    if path.exists():
        return json.loads(path.read_text())
    G, costs = painted(objective_for(pair, name), weight)
    picture = tensor_to_image(G)
    picture.save(path.with_suffix(".png"))
    row = {"pair": str(pair), "cost": name, "weight": weight}
    row |= {"steps": len(costs), "fall": fall_of(costs, len(costs))}
    row |= referee.marks(pair, SIZE, np.asarray(picture))
    path.write_text(json.dumps(row))
    print(*(f"{value:.3g}" if isinstance(value, float) else value for value in row.values()), flush=True)
    return row


# -------------------------------------------------------------------------------------- tables


def seconds_relative_to_gram(pair: Pair, rounds: int = 15) -> dict[str, float]:
    """Of an evaluation: medians over rounds in which all costs take turns."""
    objectives = {name: Objective(pair, name) for name in COSTS}
    seconds: dict[str, list[float]] = {name: [] for name in COSTS}
    for _ in range(rounds + 1):
        for name, objective in objectives.items():
            started = time.perf_counter()
            objective(objective.C, 1)
            seconds[name].append(time.perf_counter() - started)
    ratios = {name: np.divide(of, seconds["gram"])[1:] for name, of in seconds.items()}  # one to warm up
    return {name: statistics.median(of) for name, of in ratios.items()}


def at(rows: list[dict], pair: str, name: str, error: float, measure: str) -> float | None:
    rows = [row for row in rows if (row["pair"], row["cost"]) == (pair, name)]
    rows.sort(key=lambda row: row["weight"])
    return at_error(error, [row["content"] for row in rows], [row[measure] for row in rows])


def table(rows: list[dict], measure: str) -> list[str]:
    """A line for each pair and content error, and the medians of the ratios to the Gram matrix's."""
    lines = [f"| {measure} | " + " | ".join(COSTS) + " |", "|---" * (1 + len(COSTS)) + "|"]
    for error in ERRORS:
        ratios: dict[str, list[float]] = {name: [] for name in COSTS}
        for pair in dict.fromkeys(row["pair"] for row in rows):
            of = {name: at(rows, pair, name, error, measure) for name in COSTS}
            for name, value in of.items():
                if value and of["gram"]:
                    ratios[name].append(value / of["gram"])
            cells = [_cell(value, of["gram"]) for value in of.values()]
            lines.append(f"| {pair}, at {error:g} | " + " | ".join(cells) + " |")
        medians = [f"{statistics.median(own):.2f}" if own else "–" for own in ratios.values()]
        lines.append(f"| median ratio, at {error:g} | " + " | ".join(medians) + " |")
    return lines


def _cell(value: float | None, of_gram: float | None) -> str:
    if value is None:
        return "not covered"
    return f"{value:.3f}" + (f" ({value / of_gram:.2f})" if of_gram else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", nargs="+", choices=CONTENTS, default=CONTENTS, help="by their photographs")
    parser.add_argument("--only-tables", action="store_true", help="of what is there")
    parser.add_argument("-o", "--output", type=Path, default=Path("outputs/style_costs"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    pairs = [pair for pair in PAIRS if pair.content.split("/")[-1] in options.pairs]
    if not options.only_tables:
        for name in COSTS:
            print(name, "λ:", ", ".join(f"{weight:.3g}" for weight in lambdas(name)), flush=True)
        for pair in pairs:
            for name in COSTS:
                for weight in COSTS[name].weights:
                    row_for(pair, name, weight, options.output)
    rows = [json.loads(path.read_text()) for path in sorted(options.output.glob("*.json"))]
    for measure in ("style", "grain", "edges"):
        print("\n".join(table(rows, measure)), end="\n\n")
    for name, ratio in seconds_relative_to_gram(pairs[0]).items():
        print(f"{name}: an evaluation takes {ratio:.2f} times as long as with Gram matrices")


if __name__ == "__main__":
    main()
