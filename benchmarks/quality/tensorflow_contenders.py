"""The contenders that run in TensorFlow."""

import functools

import numpy as np
import tensorflow as tf

from benchmarks.cases import images_of
from benchmarks.in_tensorflow import be_ready as be_ready
from benchmarks.in_tensorflow import course_loop
from benchmarks.quality.clock import Clock
from benchmarks.quality.contenders import BEFORE_SETTINGS
from benchmarks.quality.pace import Pace
from benchmarks.quality.pairs import Painted, Pair, Task
from nst_tf.images import clip_0_1, preprocess, tensor_to_image
from nst_tf.inputs import load_inputs
from nst_tf.progress import say_nothing
from nst_tf.settings import Settings
from nst_tf.transfer import stylize
from nst_tf.vgg import get_layer_outputs, load_vgg19

TUTORIAL_STYLE_LAYERS = [(f"block{block}_conv1", 1) for block in range(1, 6)]
TUTORIAL_CONTENT_LAYER = ("block5_conv2", 1)
TUTORIAL_CONTENT_WEIGHT, TUTORIAL_VARIATION_WEIGHT = 1e4, 30.0


def course(task: Task) -> Painted:
    """The course's loop from its noisy start, with the course's layers, α = 10 and preprocessed input."""
    settings = Settings(
        size=task.size,
        alpha=10,
        beta=task.weight,
        content_layer="block5_conv4",
        style_layers="course",
        init="noisy_content",
    )
    C, S, G = images_of(load_inputs(*task.pair.paths(), settings))
    generated_image = tf.Variable(G)
    train_step = course_loop(load_vgg19(say=say_nothing), C, S, settings)
    clock = Clock(task.seconds)
    while True:
        train_step(generated_image)
        if clock.tick():
            return _painted(generated_image.numpy(), clock)


def tutorial(task: Task) -> Painted:
    """The settings of TensorFlow's tutorial "Neural style transfer", from C itself.

    The content cost is the mean squared difference of activations. The style cost is that of Gram matrices
    per position, averaged over five layers. The total variation sums absolute differences of neighbours.
    """
    C, S = task.pair.images(task.size)
    outputs = get_layer_outputs(load_vgg19(say=say_nothing), [*TUTORIAL_STYLE_LAYERS, TUTORIAL_CONTENT_LAYER])

    def gram_matrix(a: tf.Tensor) -> tf.Tensor:
        positions = tf.reshape(a, [-1, a.shape[-1]])
        return tf.matmul(positions, positions, transpose_a=True) / tf.cast(tf.shape(positions)[0], tf.float32)

    a_C = outputs(preprocess(C))[-1]
    grams_S = [gram_matrix(a) for a in outputs(preprocess(S))[:-1]]
    optimizer = tf.keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)
    G = tf.Variable(C)

    @tf.function
    def train_step() -> None:
        with tf.GradientTape() as tape:
            *style, a_G = outputs(preprocess(G))
            J_content = tf.reduce_mean(tf.square(a_G - a_C))
            J_style = tf.add_n(
                [tf.reduce_mean(tf.square(gram_matrix(a) - s)) for a, s in zip(style, grams_S, strict=True)]
            ) / len(style)
            J = TUTORIAL_CONTENT_WEIGHT * J_content + task.weight * J_style
            J += TUTORIAL_VARIATION_WEIGHT * tf.reduce_sum(tf.image.total_variation(G))
        optimizer.apply_gradients([(tape.gradient(J, G), G)])
        G.assign(clip_0_1(G))

    clock = Clock(task.seconds)
    while True:
        train_step()
        if clock.tick():
            return _painted(G.numpy(), clock)


def before(task: Task) -> Painted:
    """nst_tf as it was before pictures were measured."""
    return stylized(task, {**BEFORE_SETTINGS, "beta": task.weight})


def ours(task: Task) -> Painted:
    """nst_tf with its defaults."""
    return stylized(task, {"style_strength": task.weight})


def moments(task: Task) -> Painted:
    """nst_tf with the mean and standard deviation of each channel in place of Gram matrices."""
    return stylized(task, {"style_strength": task.weight, "style_statistics": "moments"})


def stylized(task: Task, options: dict) -> Painted:
    """As many steps as the time allows, so that each stage has its share of them."""
    run = functools.partial(stylize, *map(str, task.pair.paths()), size=task.size, progress=False, **options)
    pace = _pace(task.pair, task.size, str(sorted(options)))
    steps = pace.steps_in(task.seconds, run)
    clock = Clock(task.seconds)
    result = run(steps=steps, callback=lambda _: clock.tick())
    pace.learn(result.history)
    return Painted(np.asarray(result.image), clock.seconds, clock.evaluations)


@functools.lru_cache(maxsize=2)
def _pace(pair: Pair, size: int, options: str) -> Pace:
    return Pace()


def _painted(G: np.ndarray, clock: Clock) -> Painted:
    return Painted(np.asarray(tensor_to_image(G)), clock.seconds, clock.evaluations)
