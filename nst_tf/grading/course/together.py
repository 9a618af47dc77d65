"""Has the tasks of several hearings done in few processes, as starting TensorFlow takes longer than most."""

from collections.abc import Callable, Generator, Mapping
from typing import TypeVar

from nst_tf.grading.course.protocol import CellTask, GraphTask, Reply

Result = TypeVar("Result")
Task = CellTask | GraphTask
Hearing = Generator[Task, Reply, Result]  # asks for tasks, is sent what became of each, and returns
Run = Callable[[tuple[Task, ...]], Reply]


def together(hearings: Mapping[str, Hearing[Result]], run: Run) -> dict[str, tuple[Result, bool]]:
    """What each returns, and whether it shared a process with another. The tasks that they ask for at the
    same time are done in one process.

    Args:
        hearings: by name.
        run: has tasks done, one after another in one process.
    """
    results: dict[str, tuple[Result, bool]] = {}
    sharing: set[str] = set()
    replies: Mapping[str, Reply | None] = dict.fromkeys(hearings)
    while replies:
        waiting = {}
        for name, reply in replies.items():
            try:
                waiting[name] = hearings[name].send(reply) if reply else next(hearings[name])
            except StopIteration as end:
                results[name] = end.value, name in sharing
        replies = _replies(waiting, run, sharing)
    return results


def _replies(waiting: Mapping[str, Task], run: Run, sharing: set[str]) -> dict[str, Reply]:
    """What becomes of the tasks; those that share a process are added to ``sharing``. Cells and graphs are
    kept apart: nothing of a submission may run where a graph is tried. If one doesn't come to its end, each
    is done by itself.
    """
    replies = {}
    for kind in (CellTask, GraphTask):
        tasks = {name: task for name, task in waiting.items() if isinstance(task, kind)}
        parts = run(tuple(tasks.values())).parts(len(tasks)) if len(tasks) > 1 else None
        if parts and kind is CellTask:
            sharing.update(tasks)
        for place, (name, task) in enumerate(tasks.items()):
            replies[name] = parts[place] if parts else run((task,))
    return replies
