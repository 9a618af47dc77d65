"""Tries ``train_step``: a few steps in its own globals, with a small network, targets and an optimizer of the test's.

Nothing here knows the right step: it runs in the process of the submission, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from nst_tf._tensorflow import tf
from nst_tf.grading.observing import Observation, observe, plain, with_globals

STEPS = 3
_SIZE = (1, 5, 6, 3)
_CHANNELS = (3, 4, 5, 4, 6, 5, 4)  # of the image, five style layers and the content layer


@dataclass(frozen=True)
class Task:
    """What ``train_step`` finds in its globals, as plain arrays and numbers.

    Attributes:
        kernels: of the network's convolutions, in order.
        C, S: the images that the targets come from.
        starts: images to improve, for the steps as they are written, and for those inside ``tf.function``.
        bystander: another image, which stands under the name ``generated_image``.
        style_layers: pairs (name, λ), for ``compute_style_cost``.
        weights: values for ``alpha`` and ``beta``, where the notebook has such globals.
        learning_rate: of the optimizer.
    """

    kernels: list[np.ndarray]
    C: np.ndarray
    S: np.ndarray
    starts: list[np.ndarray]
    bystander: np.ndarray
    style_layers: list[tuple[str, float]]
    weights: dict[str, float]
    learning_rate: float


@dataclass(frozen=True)
class Step:
    """One call of ``train_step``: what it returned, the image afterwards, how often the optimizer was used so far."""

    returned: Observation
    image: np.ndarray
    applied: int
    has_changed_image: bool
    has_changed_bystander: bool


def random_task(seed: int, has_weights: bool) -> Task:
    """A task, whose learning rate is still to be chosen."""
    random = np.random.default_rng(seed)

    def picture() -> np.ndarray:
        values = random.random(_SIZE, dtype=np.float32)
        return np.where(random.random(_SIZE) < 0.4, np.round(values), values)  # some at 0 and 1, where clipping matters

    kernels = [random.normal(size=(3, 3, of, to)).astype(np.float32) / 3 for of, to in pairwise(_CHANNELS)]
    weights = {"alpha": 3.0, "beta": 7.0} if has_weights else {}
    style_layers = [(f"layer {number}", float(value)) for number, value in enumerate(random.uniform(0.1, 2, 5))]
    return Task(kernels, picture(), picture(), [picture(), picture()], picture(), style_layers, weights, 1.0)


def network(kernels: list[np.ndarray]) -> Callable:
    """A frozen network in place of VGG-19: image → activations of five style layers and of the content layer."""
    constants = [tf.constant(kernel) for kernel in kernels]

    def vgg_model_outputs(image: tf.Tensor | tf.Variable) -> list[tf.Tensor]:
        a, outputs = tf.convert_to_tensor(image), []
        for kernel in constants:
            a = tf.nn.softplus(tf.nn.conv2d(a, kernel, 1, "SAME"))
            outputs.append(a)
        return outputs

    return vgg_model_outputs


class CountingOptimizer(tf.keras.optimizers.SGD):
    """Gradient descent with momentum, which has a memory: a new one at every step takes other steps."""

    def __init__(self, learning_rate: float) -> None:
        super().__init__(learning_rate, momentum=0.5)
        self.applied = tf.Variable(0, trainable=False)

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """Take a step, and count it."""
        self.applied.assign_add(1)
        super().apply(grads, trainable_variables)


def observe_training(
    target: Callable, task: Task, helpers: dict[str, Callable], echo: bool = False
) -> list[list[Step]]:
    """A few steps as the function is written, and a few inside ``tf.function``, from another image.

    Its globals are given back as they were, also if it fails. The notebook's optimizer is not touched.
    """
    written = observe_steps(target, task, helpers, is_traced=False, echo=echo)
    return [written, observe_steps(target, task, helpers, is_traced=True)]


def observe_steps(
    target: Callable,
    task: Task,
    helpers: dict[str, Callable],
    is_traced: bool,
    count: int = STEPS,
    echo: bool = False,
) -> list[Step]:
    """One of the two: up to ``count`` steps, until one fails. ``echo`` shows what the first one prints."""

    written = plain(target)
    image, bystander = tf.Variable(task.starts[is_traced]), tf.Variable(task.bystander)
    optimizer = CountingOptimizer(task.learning_rate)
    optimizer.build([image])
    vgg_model_outputs = network(task.kernels)
    style_cost = {**getattr(written, "__globals__", {}), **helpers}.get("compute_style_cost")

    def compute_style_cost(
        style_image_output: list, generated_image_output: list, STYLE_LAYERS: list = task.style_layers
    ) -> tf.Tensor:
        return style_cost(style_image_output, generated_image_output, STYLE_LAYERS)

    given = {
        **helpers,
        "compute_style_cost": compute_style_cost,
        "STYLE_LAYERS": task.style_layers,
        "vgg_model_outputs": vgg_model_outputs,
        "a_C": vgg_model_outputs(task.C),
        "a_S": vgg_model_outputs(task.S),
        "optimizer": optimizer,
        "generated_image": bystander,
        **{name: tf.constant(value) for name, value in task.weights.items()},
    }

    @cache
    def compiled() -> Callable:
        return tf.function(written).get_concrete_function(image)

    def step() -> object:
        return compiled()(image) if is_traced else written(image)

    steps = []
    with with_globals(target, given):
        for number in range(count):
            returned = observe(step, (), echo=echo and number == 0)
            are_changed = [
                bool((now.numpy() != before).any())
                for now, before in ((image, task.starts[is_traced]), (bystander, task.bystander))
            ]
            steps.append(Step(returned, image.numpy(), int(optimizer.applied), *are_changed))
            if returned.kind == "error":
                break
    return steps
