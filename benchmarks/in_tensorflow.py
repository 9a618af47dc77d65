"""The contenders that run in TensorFlow, and the referee, who gives every image its J in float32."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.cases import Case, Goal, Track
from nst_tf.control.styles import everywhere
from nst_tf.images import clip_0_1, preprocess
from nst_tf.large.compiled import forget_compiled
from nst_tf.objective import Objective
from nst_tf.precision import forget_choice
from nst_tf.progress import say_nothing
from nst_tf.settings import Settings
from nst_tf.transfer import stylize
from nst_tf.vgg import get_layer_outputs, load_vgg19

COURSE_STEPS = 200


def be_ready(*precisions: str) -> None:
    """Import the library and load the weights, which the clock leaves out."""
    for precision in precisions or ("float32", "bfloat16"):
        load_vgg19(precision=precision, say=say_nothing)


def the_course(case: Case, goal: Goal, path: Path) -> None:
    """The course's loop for 200 steps. It takes no goal."""
    vgg = load_vgg19(say=say_nothing)
    C, S, G = case.images()
    started = time.perf_counter()
    generated_image = tf.Variable(G)
    train_step = course_loop(vgg, C, S, case.settings())
    track = Track(goal, started)
    for _ in range(COURSE_STEPS):
        J = float(train_step(generated_image))
        track.add(time.perf_counter(), J, generated_image.numpy())
    track.save(path)


def course_loop(
    vgg: tf.keras.Model, C: np.ndarray, S: np.ndarray, settings: Settings
) -> Callable[[tf.Variable], tf.Tensor]:
    """One step of the course's loop, written as there: Adam with lr 0.01, float32."""
    outputs = get_layer_outputs(vgg, settings.layers)
    a_C, a_S = outputs(preprocess(C)), outputs(preprocess(S))
    optimizer = tf.keras.optimizers.Adam(learning_rate=0.01)

    def unrolled(a: tf.Tensor) -> tf.Tensor:
        return tf.transpose(tf.reshape(a, [-1, a.shape[-1]]))

    def layer_style_cost(a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
        GS, GG = (
            tf.matmul(unrolled(a), tf.transpose(unrolled(a))) / (a.shape[1] * a.shape[2]) for a in (a_S, a_G)
        )
        return tf.reduce_sum(tf.square(GS - GG)) / (4 * a_G.shape[-1] ** 2)

    @tf.function
    def train_step(generated_image: tf.Variable) -> tf.Tensor:
        with tf.GradientTape() as tape:
            a_G = outputs(preprocess(generated_image))
            J_content = tf.reduce_mean(tf.square(a_C[-1] - a_G[-1])) / 4
            weighted = zip(settings.style_layers, a_S, a_G, strict=False)
            J_style = sum(weight * layer_style_cost(s, g) for (_, weight), s, g in weighted)
            J = settings.alpha * J_content + settings.beta * J_style
        optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
        generated_image.assign(clip_0_1(generated_image))
        return J

    return train_step


def ours(case: Case, goal: Goal, path: Path, **options: object) -> None:
    """``stylize`` from the same start image; images of the full size are kept."""
    forget_compiled()  # tracing belongs to the time, and so does choosing a precision
    forget_choice()
    settings = case.settings(**options)
    arguments = {**vars(settings), "steps": settings.steps, "progress": False}
    full_size = max(case.images().G.shape)
    track = None

    def keep(progress) -> bool:
        if progress.costs.size < full_size:
            return False
        return track.add(time.perf_counter(), progress.costs.J, progress.G)

    track = Track(goal, time.perf_counter())
    stylize(*map(str, case.paths()), **arguments, callback=keep)
    track.save(path)


def scipy_lbfgs(case: Case, goal: Goal, path: Path, precision: str) -> None:
    """SciPy's L-BFGS-B with bounds on our objective."""
    from scipy.optimize import minimize  # nothing else needs SciPy

    forget_compiled()
    C, S, G = case.images()
    track = Track(goal, time.perf_counter())
    of = Objective(load_vgg19(precision=precision, say=say_nothing), C, everywhere(S), case.settings())

    def J_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        J, _, gradient = of(x.astype(np.float32).reshape(G.shape))
        if track.add(time.perf_counter(), J, x.reshape(G.shape)):
            raise StopIteration
        return J, gradient.astype(np.float64).ravel()

    first = 0.1 / np.abs(of(G)[-1]).max()  # SciPy's first step depends on J's scale

    def scaled(x: np.ndarray) -> tuple[float, np.ndarray]:
        J, gradient = J_and_gradient(x)
        return first * J, first * gradient

    with contextlib.suppress(StopIteration):
        minimize(scaled, G.astype(np.float64).ravel(), jac=True, method="L-BFGS-B", bounds=[(0, 1)] * G.size)
    track.save(path)


def referee(case: Case, path: Path, indices: list[int]) -> list[float]:
    """J in float32 of some of the images that a contender came to."""
    C, S, _ = case.images()
    of = Objective(load_vgg19(say=say_nothing), C, everywhere(S), case.settings())
    images = np.load(path)["images"]
    return [of(images[index][np.newaxis])[0] for index in indices]


def device() -> str:
    """Where it computes."""
    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else "the processor"


_open: Objective | None = None


def open_objective(size: int, precision: str) -> None:
    """An objective on square noise of that size, with the course's layers."""
    global _open
    settings = Case("", "", 0, "course").settings()
    square = np.random.default_rng(0).random((1, size, size, 3), dtype=np.float32)
    vgg = load_vgg19(precision=precision, say=say_nothing)
    _open = Objective(vgg, square, everywhere(square[:, ::-1]), settings)


def evaluate(size: int) -> float:
    """Seconds that J and its gradient take."""
    G = np.random.default_rng(1).random((1, size, size, 3), dtype=np.float32)
    started = time.perf_counter()
    _open(G)
    return time.perf_counter() - started
