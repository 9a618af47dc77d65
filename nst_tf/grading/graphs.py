"""A function as TensorFlow compiles it: a graph, whose value and gradient are its own,
whatever its author patched.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf
from tensorflow.python.eager.wrap_function import WrappedFunction

from nst_tf.grading.errors import error_line, file_of
from nst_tf.grading.trial import converted, python_function, quietly, tensors

# Stateful by their registration, but not in a way that could reach outside of the graph and its variables.
_HARMLESS = {
    *("Assert", "Case", "CheckNumerics", "CheckNumericsV2", "If", "PartitionedCall", "PrintV2", "While"),
    *("StatefulPartitionedCall", "ReadVariableOp", "AssignVariableOp", "AssignAddVariableOp"),
    *("AssignSubVariableOp", "VarIsInitializedOp", "ResourceApplyGradientDescent", "ResourceApplyMomentum"),
    "ResourceApplyKerasMomentum",
}

# A plain call would first try named arguments, fail, and put every value into the error message.
_call = WrappedFunction._call_with_flat_signature


@dataclass(frozen=True)
class Traced:
    """A function as ``tf.function`` compiles it.

    Attributes:
        graph: a GraphDef, serialised, with every constant in it; None if it can't be compiled.
        inputs: names of the inputs' tensors, flat, in order.
        outputs: names of the outputs' tensors.
        text: why it can't be compiled, in one line.
    """

    graph: bytes | None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class GraphRun:
    """What came out of a graph.

    Attributes:
        value: the function's value; None if it failed.
        gradient: the gradient of the value's sum with respect to the arguments asked for, all in one row,
            with 0 where the value doesn't depend on one; None if it depends on none of them.
        text: why it failed, in one line.
    """

    value: np.ndarray | None
    gradient: np.ndarray | None = None
    text: str = ""


def trace(function: Callable, arguments: tuple) -> Traced:
    """Compile a function for these arguments."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    shapes = converted(arguments, lambda array: tf.TensorSpec(array.shape, tf.float32))
    try:
        with quietly():
            compiled = tf.function(taking_only(function)).get_concrete_function(*shapes)
            if compiled.captured_inputs:  # from outside of the function: they become constants in the graph
                compiled = convert_variables_to_constants_v2(compiled, lower_control_flow=False)
    except (Exception, SystemExit) as error:
        return Traced(None, text=error_line(error, file_of(python_function(function))))
    inputs, outputs = (tuple(tensor.name for tensor in each) for each in (compiled.inputs, compiled.outputs))
    return Traced(compiled.graph.as_graph_def().SerializeToString(deterministic=True), inputs, outputs)


def taking_only(function: Callable) -> Callable:
    """The function without its further arguments, of which those with a tensor as default would become
    inputs of the graph.
    """
    written = python_function(function)
    return lambda *arguments: written(*arguments)


def run_graph(traced: Traced, arguments: tuple, differentiated: tuple[int, ...]) -> GraphRun:
    """Run a graph on arguments of the shapes that it was made for."""
    if traced.graph is None:
        return GraphRun(None, text=traced.text)
    try:
        function = imported(traced.graph, traced.inputs, traced.outputs)
        given = tensors(arguments)
        parts = [_numeric(argument) for argument in given]
        watched = [tensor for place in differentiated for tensor in parts[place]]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            (value,) = function(*(tensor for part in parts for tensor in part))
            total = tf.reduce_sum(value)
        gradients = tape.gradient(total, watched)
        value = np.array(value, np.float64)
    except Exception as error:
        return GraphRun(None, text=error_line(error))
    if all(gradient is None for gradient in gradients):
        return GraphRun(value)
    flat = [
        np.zeros(tensor.shape) if gradient is None else np.asarray(tf.convert_to_tensor(gradient), np.float64)
        for tensor, gradient in zip(watched, gradients, strict=True)
    ]
    return GraphRun(value, np.concatenate([np.ravel(part) for part in flat]))


@lru_cache(maxsize=1)  # a graph is run in one trial after another
def imported(
    serialised: bytes, inputs: tuple[str, ...], outputs: tuple[str, ...], effects: tuple[str, ...] = ()
) -> Callable:
    """A function from a graph's ``inputs`` to its ``outputs``, which also runs the operations ``effects``.

    Raises:
        ValueError: it has an operation that could reach outside of the graph and its variables.
    """
    graph = tf.compat.v1.GraphDef.FromString(serialised)
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    outside = {node.op for node in nodes if _is_stateful(node.op)} - _HARMLESS
    if outside:
        raise ValueError(f"it has the operation {', '.join(sorted(outside))}, which it has no use for")
    wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    tensor, operation = wrapped.graph.get_tensor_by_name, wrapped.graph.get_operation_by_name
    pruned = wrapped.prune(
        [tensor(name) for name in inputs], [*map(tensor, outputs), *map(operation, effects)]
    )
    return lambda *arguments: _call(pruned, arguments, {})


def _is_stateful(op: str) -> bool:
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(op)
    return definition is not None and definition.is_stateful


def _numeric(argument: object) -> list[tf.Tensor]:
    """The tensors of an argument, in the order in which a graph takes them."""
    if tf.is_tensor(argument):
        return [argument]
    return [part for part in argument if tf.is_tensor(part)] if isinstance(argument, list) else []
