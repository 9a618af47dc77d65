"""Tries a training step: a few steps in its own globals, with a small network,
targets and an optimizer of the test's.

Nothing here knows the right step: it runs in the process of the submission, too. Inside ``tf.function`` the
step becomes a graph, which can be run elsewhere.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf

from nst_tf.grading.errors import error_line, file_of
from nst_tf.grading.graphs import imported, taking_only
from nst_tf.grading.trial import (
    Observation,
    Trial,
    globals_of,
    observe,
    python_function,
    quietly,
    with_globals,
)

STEPS = 3
_SIZES = ((1, 5, 6, 3), (1, 6, 4, 3))
_CHANNELS = (3, 4, 5, 4, 6, 5, 4)  # of the image, five style layers and the content layer
_NEARBY = 1e-2  # how far along a direction a slope is measured

# For functions in which AutoGraph has nothing to convert: it is slow.
_unconverted = tf.autograph.experimental.do_not_convert


@dataclass(frozen=True)
class Scene:
    """The images of one run.

    Attributes:
        C, S: what the targets come from.
        start: the image to improve.
        bystander: another one, to which the name ``generated_image`` refers.
        momentum: of the optimizer.
    """

    C: np.ndarray
    S: np.ndarray
    start: np.ndarray
    bystander: np.ndarray
    momentum: float

    def directions(self) -> tuple[np.ndarray, ...]:
        """Two directions in which the image could be changed, to measure slopes along."""
        return self.bystander - 0.5, self.C - self.S


@dataclass(frozen=True)
class Step:
    """One call of ``train_step``.

    Attributes:
        returned: what came back.
        image: as it is afterwards.
        applied: how often the optimizer was used so far.
        has_changed_image, has_changed_bystander: whether they differ from what they were at the start.
        gradient: what the optimizer was given last in this step; None if it was not used.
        slopes: of the returned value at the start, along the scene's directions. Only a graph's first step
            has them.
    """

    returned: Observation
    image: np.ndarray
    applied: int
    has_changed_image: bool
    has_changed_bystander: bool
    gradient: np.ndarray | None = None
    slopes: tuple[float, ...] | None = None


@dataclass(frozen=True)
class TracedStep:
    """``train_step`` as a graph.

    Attributes:
        graph: a GraphDef, serialised; None if it can't be compiled.
        fed: for each input its tensor's name, and either its value or the number of a ``_Room``'s variable.
        returned: names of what it returns.
        effects: names of the operations that change variables.
        text: why it can't be compiled, in one line.
    """

    graph: bytes | None
    fed: tuple[tuple[str, np.ndarray | int], ...] = ()
    returned: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    text: str = ""


def network(kernels: list[np.ndarray]) -> Callable:
    """A frozen network in place of VGG-19: image → activations of five style layers
    and of the content layer.
    """
    constants = [tf.constant(kernel) for kernel in kernels]

    @_unconverted
    def vgg_model_outputs(image: tf.Tensor | tf.Variable, **_: object) -> list[tf.Tensor]:
        """As a Keras model is called, with ``training=False`` or without."""
        a, outputs = tf.convert_to_tensor(image), []
        for kernel in constants:
            a = tf.nn.softplus(tf.nn.conv2d(a, kernel, 1, "SAME"))
            outputs.append(a)
        return outputs

    return vgg_model_outputs


class CountingOptimizer(tf.keras.optimizers.SGD):
    """Gradient descent with momentum. It has a memory: with a new one at every step, the steps differ.

    Attributes:
        applied: how often it was used.
        given: the gradient that it was given last.
    """

    def __init__(self, learning_rate: float, momentum: float, image: tf.Variable) -> None:
        super().__init__(learning_rate, momentum)
        self.applied = tf.Variable(0, trainable=False)
        self.given = tf.Variable(tf.zeros(image.shape), trainable=False)
        self.build([image])

    @_unconverted
    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """Take a step, count it, and keep the gradient."""
        self.applied.assign_add(1)
        grads = list(grads)
        super().apply(grads, trainable_variables)
        given = next(gradient for gradient in grads if gradient is not None)  # apply refuses to do without
        self.given.assign(tf.broadcast_to(tf.cast(given, tf.float32), self.given.shape))


class _Room:
    """The variables and names that a run of ``train_step`` works with."""

    def __init__(self, trial: "StepTrial", scene: Scene) -> None:
        self.trial, self.scene = trial, scene
        self.image, self.bystander = tf.Variable(scene.start), tf.Variable(scene.bystander)
        self.optimizer = CountingOptimizer(trial.learning_rate, scene.momentum, self.image)
        of_optimizer = [getattr(variable, "value", variable) for variable in self.optimizer.variables]
        kept = [self.optimizer.applied, self.optimizer.given]
        self.variables = [self.image, self.bystander, *kept, *of_optimizer]

    def names(self, helpers: Mapping[str, Callable], others: Mapping[str, Any]) -> dict[str, object]:
        """The globals for ``train_step``: the helpers, or what stands in its notebook,
        and all that belongs to the run.
        """
        vgg_model_outputs = network(self.trial.kernels)
        style_cost: Any = helpers.get("compute_style_cost") or others.get("compute_style_cost")

        @_unconverted
        def compute_style_cost(
            style_image_output: list,
            generated_image_output: list,
            STYLE_LAYERS: list = self.trial.style_layers,
        ) -> tf.Tensor:
            return style_cost(style_image_output, generated_image_output, STYLE_LAYERS)

        return {
            **helpers,
            "compute_style_cost": compute_style_cost,
            "STYLE_LAYERS": self.trial.style_layers,
            "vgg_model_outputs": vgg_model_outputs,
            "a_C": vgg_model_outputs(self.scene.C),
            "a_S": vgg_model_outputs(self.scene.S),
            "optimizer": self.optimizer,
            "generated_image": self.bystander,
            **{
                name: weight
                for name, weight in self.trial.weights.items()
                if as_number(others.get(name)) != weight or isinstance(others[name], tf.Variable)
            },
        }

    def step(self, call: Callable, echo: bool = False) -> Step:
        """Take one step, and see what it did."""
        before = int(self.optimizer.applied)
        returned = observe(call, (), echo=echo)
        applied = int(self.optimizer.applied)
        return Step(
            returned,
            self.image.numpy(),
            applied,
            bool((self.image.numpy() != self.scene.start).any()),
            bool((self.bystander.numpy() != self.scene.bystander).any()),
            self.optimizer.given.numpy() if applied > before else None,
        )

    def steps(self, call: Callable, count: int, echo: bool = False) -> list[Step]:
        """Take steps until one fails."""
        steps: list[Step] = []
        while len(steps) < count and not (steps and steps[-1].returned.kind == "error"):
            steps.append(self.step(call, echo and not steps))
        return steps

    def slopes(self, call: Callable) -> tuple[float, ...] | None:
        """How fast the returned value grows at the start, along the scene's directions; None if it is no
        single number.

        A difference of two values in each, which costs a quarter of the gradient's time.
        """
        slopes = []
        for direction in self.scene.directions():
            values = []
            for distance in (_NEARBY, -_NEARBY):
                self.image.assign(self.scene.start + np.float32(distance) * direction)
                value = observe(call, ()).value
                if value is None or value.size != 1:
                    return None
                values.append(value.item())
            slopes.append((values[0] - values[1]) / (2 * _NEARBY))
        return tuple(slopes)


@dataclass(frozen=True)
class StepTrial(Trial[list[Step], TracedStep, list[Step]]):
    """What a training step finds in its globals, as plain arrays and numbers.

    Attributes:
        kernels: of the network's convolutions, in order.
        scenes: for the steps as they are written, and for those inside ``tf.function``. They differ in size,
            so that what a learner has compiled before is compiled anew.
        style_layers: pairs (name, λ), for ``compute_style_cost``.
        weights: ``alpha`` and ``beta``, where the notebook has such globals.
        learning_rate: of the optimizer.
    """

    kernels: list[np.ndarray]
    scenes: list[Scene]
    style_layers: list[tuple[str, float]]
    weights: dict[str, float]
    learning_rate: float

    def written(self, target: Callable, helpers: Mapping[str, Callable], echo: bool = False) -> list[Step]:
        """Steps from the first scene on; see ``Trial``."""
        return self.steps_as_written(target, helpers, echo=echo)

    def steps_as_written(
        self,
        target: Callable,
        helpers: Mapping[str, Callable],
        *,
        count: int = STEPS,
        scene: int = 0,
        echo: bool = False,
    ) -> list[Step]:
        """Steps in the function's own globals, which are restored afterwards, even if it fails.

        The notebook's optimizer is not touched.
        """
        room, function = _Room(self, self.scenes[scene]), python_function(target)
        with with_globals(target, room.names(helpers, globals_of(target))):
            return room.steps(partial(function, room.image), count, echo)

    def traced(self, target: Callable, helpers: Mapping[str, Callable]) -> TracedStep:
        """The step in the second scene, compiled."""
        room, function = _Room(self, self.scenes[1]), taking_only(target)
        with with_globals(target, room.names(helpers, globals_of(target))):
            try:
                with quietly():
                    compiled = tf.function(function).get_concrete_function(room.image)
                captured = [(placeholder.name, outside) for outside, placeholder in compiled.graph.captures]
                image = [
                    (tensor.name, room.image.handle) for tensor in compiled.inputs[: -len(captured) or None]
                ]
                fed = tuple((name, _place_or_value(room, outside)) for name, outside in [*image, *captured])
            except (Exception, SystemExit) as error:
                return TracedStep(None, text=error_line(error, file_of(python_function(target))))
        return TracedStep(
            compiled.graph.as_graph_def().SerializeToString(deterministic=True),
            fed,
            tuple(tensor.name for tensor in compiled.outputs),
            tuple(operation.name for operation in compiled.graph.control_outputs),
        )

    def run(self, graph: TracedStep) -> list[Step]:
        """Steps of a compiled function, from the start of the second scene, and slopes there."""
        return self.run_steps(graph, STEPS, with_slopes=True)

    def run_steps(self, graph: TracedStep, count: int, with_slopes: bool = False) -> list[Step]:
        """The same, but fewer."""
        room = _Room(self, self.scenes[1])
        if graph.graph is None:
            return self.failed_run(graph.text)
        try:
            inputs = tuple(name for name, _ in graph.fed)
            function = imported(graph.graph, inputs, graph.returned, graph.effects)
        except Exception as error:
            return self.failed_run(error_line(error))

        def call() -> object:
            values = [
                room.variables[what].handle if isinstance(what, int) else tf.constant(what)
                for _, what in graph.fed
            ]
            returned = function(*values)[: len(graph.returned)]
            return returned[0] if len(returned) == 1 else returned or None

        first, *others = room.steps(call, count)
        return [replace(first, slopes=room.slopes(call)) if with_slopes else first, *others]

    def failed_run(self, text: str) -> list[Step]:
        """A step that could not be tried."""
        return [Step(Observation("error", text=text), np.zeros((1, 1, 1, 3)), 0, False, False)]


def as_number(value: Any) -> float:
    """A weight of the notebook's as a number; NaN where it is none."""
    try:
        return math.nan if isinstance(value, str | bytes) else float(value)
    except Exception:  # whatever a learner has put there
        return math.nan


def _place_or_value(room: _Room, outside: tf.Tensor) -> int | np.ndarray:
    """Which of the room's variables a graph's input is, or its value."""
    if outside.dtype != tf.resource:
        return outside.numpy()
    for place, variable in enumerate(room.variables):
        if outside is variable.handle:
            return place
    raise ValueError("it uses a tf.Variable of its own")


def random_trial(seed: int, weights: Mapping[str, float]) -> StepTrial:
    """A trial, whose λ and learning rate are still to be scaled."""
    random = np.random.default_rng(seed)

    def picture(size: tuple[int, ...]) -> np.ndarray:
        values = random.random(size, dtype=np.float32)
        return np.where(
            random.random(size) < 0.4, np.round(values), values
        )  # some at 0 and 1, where clipping matters

    kernels = [random.normal(size=(3, 3, of, to)).astype(np.float32) / 3 for of, to in pairwise(_CHANNELS)]
    scenes = [
        Scene(picture(size), picture(size), picture(size), picture(size), momentum)
        for size, momentum in zip(_SIZES, (0.5, 0.8), strict=True)
    ]
    style_layers = [
        (f"layer {number}", float(value)) for number, value in enumerate(random.uniform(0.1, 2, 5))
    ]
    return StepTrial(kernels, scenes, style_layers, dict(weights), 1.0)
