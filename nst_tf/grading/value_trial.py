"""Tries a function by its value: some calls with random arguments, and the graph of the first of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nst_tf.grading.graphs import GraphRun, Traced, run_graph, trace
from nst_tf.grading.trial import Observation, Trial, observe, with_globals


@dataclass(frozen=True)
class Input:
    """One call's arguments, in order.

    Attributes:
        arguments: arrays, lists of arrays, numbers, or pairs (name, λ).
        words: what is special about it, worded to follow "for".
        only: the only argument in which it differs from the first input, if there is just one.
        is_equal: whether S (or C) and G are the same, so that the cost is 0.
        is_large: whether it is of a size that a real layer has.
    """

    arguments: tuple
    words: str
    only: str | None = None
    is_equal: bool = False
    is_large: bool = False


@dataclass(frozen=True)
class ValueTrial(Trial[list[Observation], Traced, GraphRun]):
    """Some calls.

    Attributes:
        inputs: of the calls.
        differentiated: the places of the arguments with respect to which the gradient is taken.
    """

    inputs: list[Input]
    differentiated: tuple[int, ...]

    @property
    def first(self) -> tuple:
        """The arguments of the first call."""
        return self.inputs[0].arguments

    def written(
        self, target: Callable, helpers: Mapping[str, Callable], echo: bool = False
    ) -> list[Observation]:
        """What comes back from each call; see ``Trial``."""
        with with_globals(target, helpers):
            return [
                observe(target, each.arguments, echo=echo and place == 0)
                for place, each in enumerate(self.inputs)
            ]

    def traced(self, target: Callable, helpers: Mapping[str, Callable]) -> Traced:
        """The graph for arguments of the first call's shapes."""
        with with_globals(target, helpers):
            return trace(target, self.first)

    def run(self, graph: Traced) -> GraphRun:
        """The value and the gradient for the first call."""
        return run_graph(graph, self.first, self.differentiated)

    def failed_run(self, text: str) -> GraphRun:
        """No value."""
        return GraphRun(None, text=text)
