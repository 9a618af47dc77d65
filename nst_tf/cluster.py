"""Work that is spread over processes of this machine, or over the machines of a Dask cluster.

Whoever reaches a scheduler runs code on its workers, so one that is started here listens on 127.0.0.1 alone.
"""

import contextlib
import logging
import os
import pickle
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from distributed import Client, Future

Task = TypeVar("Task")
Made = TypeVar("Made")

CONNECTING = 10  # seconds that a scheduler may take to answer
ENDS = 3  # times that the worker of a task may end before the task is given up
AHEAD = 2  # tasks of each worker that are sent there at once, the running one included
THREADS = 1  # of TensorFlow in each worker of our own, so that they don't fight for the cores


class ClusterError(RuntimeError):
    """Work can't be spread, or a task can't be done. The text is one sentence that names the way out."""


@contextlib.contextmanager
def spread(most: int, scheduler: str | None, why_unfit: Callable[[], str | None]) -> Iterator["Workers"]:
    """Workers that are there until the block ends.

    Args:
        most: of this machine's processes, if there is no scheduler.
        scheduler: address of one that is running, such as tcp://10.0.0.1:8786.
        why_unfit: called in each worker; the sentence that says why it can't do the work, or None.

    Raises:
        ClusterError: Dask isn't installed, there is no such scheduler, or a worker can't do the work.
    """
    require_dask()
    with contextlib.ExitStack() as stack:
        client = _client_of(scheduler, stack) if scheduler else _own_client(most, stack)
        workers = Workers(client, scheduler or "this machine", why_unfit)
        workers.require_fit()
        yield workers


def require_dask() -> None:
    """Refuse to go on without it.

    Raises:
        ClusterError: it isn't installed.
    """
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise ClusterError(
            'This needs Dask, which isn\'t installed: `pip install "nst_tf[cluster]"` installs it.'
        ) from None


def _own_client(most: int, stack: contextlib.ExitStack) -> "Client":
    import dask
    from distributed import Client, LocalCluster

    # What is told of a worker that Ctrl-C has ended is no news to anybody.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": ENDS}))
    cluster = LocalCluster(
        n_workers=min(most, cores),
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,  # a worker isn't ended for what TensorFlow keeps
        silence_logs=logging.CRITICAL,
        preload=[__name__],
        env={"TF_NUM_INTRAOP_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)},
    )
    return stack.enter_context(Client(stack.enter_context(cluster)))


def dask_setup(_: object) -> None:
    """Called by Dask in a worker of our own: Ctrl-C is for the program that has started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _client_of(scheduler: str, stack: contextlib.ExitStack) -> "Client":
    from distributed import Client

    try:
        return stack.enter_context(Client(scheduler, timeout=CONNECTING))
    except (OSError, ValueError, TypeError):
        raise ClusterError(
            f"No scheduler answers at {scheduler}: check the address, such as tcp://10.0.0.1:8786, or start "
            "one with `dask scheduler`."
        ) from None


class Workers:
    """Those of a cluster."""

    def __init__(self, client: "Client", where: str, why_unfit: Callable[[], str | None]):
        self._client, self._where, self._why_unfit = client, where, why_unfit

    @property
    def number(self) -> int:
        """Of tasks that are done at once."""
        return sum(self._client.nthreads().values())

    def require_fit(self) -> None:
        """Refuse workers that can't do the work.

        Raises:
            ClusterError: there are none, or one of them has another version, or says why it can't.
        """
        if not self.number:
            raise ClusterError(
                f"{self._where} has no workers: start some with `dask worker {self._where} --nthreads 1`."
            )
        said = self._client.run(_said, self._why_unfit, on_error="return")
        for address, answer in said.items():
            if isinstance(answer, OSError):
                continue  # it has ended, and whatever takes its place is asked before its first task
            if isinstance(answer, ImportError):
                raise ClusterError(
                    f"The worker {address} has no nst_tf, or another one: install the same there as here."
                )
            if isinstance(answer, BaseException):
                raise ClusterError(f"The worker {address} failed with {type(answer).__name__}: {answer}")
            self._require_same(address, answer)

    @staticmethod
    def _require_same(address: str, answer: "_Answer") -> None:
        for program, version in _versions().items():
            if answer.versions[program] != version:
                raise ClusterError(
                    f"The worker {address} has {program} {answer.versions[program]}, and here it is "
                    f"{version}: install the same."
                )
        if answer.problem:
            raise ClusterError(f"The worker {address}: {answer.problem}")

    def ask(self, function: Callable[..., Made], *arguments: Any) -> Made:
        """What one of the workers returns."""
        return self._client.submit(function, *arguments, pure=False).result()

    def each(
        self, function: Callable[[Task], Made], tasks: Mapping[str, Task]
    ) -> Iterator[tuple[str, Made | ClusterError]]:
        """What is made of each task, under its name, as soon as it is done.

        A task whose worker ends is done by another one. Where that happens again and again, or the function
        raises an error, there is a ``ClusterError`` in place of the result.

        Raises:
            ClusterError: the scheduler has gone.
        """
        from distributed import as_completed

        left, names = enumerate(tasks.items()), {}
        run = secrets.token_hex(4)  # so that no other run's results are taken for this one's
        done = as_completed()

        def send() -> None:
            for number, (name, task) in left:
                key = f"nst_tf-{run}-{number}"
                future = self._client.submit(_done, self._why_unfit, function, task, key=key, pure=False)
                names[future] = name
                done.add(future)
                return

        try:
            for _ in range(AHEAD * self.number):
                send()
            for future in done:
                outcome = self._outcome(future)
                send()
                yield names.pop(future), outcome
        finally:
            with contextlib.suppress(Exception):
                self._client.cancel(list(names))

    def _outcome(self, future: "Future") -> Any:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            return future.result()
        except ClusterError as unfit:
            return unfit
        except KilledWorker:
            return ClusterError(f"Its worker has ended {ENDS + 1} times: is there enough memory?")
        except CancelledError:
            raise ClusterError(f"The scheduler of {self._where} has gone.") from None
        except Exception as problem:
            return ClusterError(f"It failed with {type(problem).__name__}: {problem}")


# ------------------------------------------------------------------------------------------- in a worker


class _Answer(NamedTuple):
    """What a worker says of itself."""

    versions: dict[str, str]
    problem: str | None


_problems: dict[bytes, str | None] = {}  # what each question that was asked in this process has found


def _said(why_unfit: Callable[[], str | None]) -> _Answer:
    return _Answer(_versions(), _problem(why_unfit))


def _done(why_unfit: Callable[[], str | None], function: Callable[[Task], Made], task: Task) -> Made:
    """What is made of a task; a worker that came late is asked first whether it can do it."""
    if problem := _problem(why_unfit):
        raise ClusterError(f"A worker can't do it: {problem}")
    return function(task)


def _problem(why_unfit: Callable[[], str | None]) -> str | None:
    question = pickle.dumps(why_unfit)
    if question not in _problems:
        _problems[question] = why_unfit()
    return _problems[question]


def _versions() -> dict[str, str]:
    """Of what has to be the same in all workers."""
    import distributed

    import nst_tf

    return {"nst_tf": nst_tf.__version__, "distributed": distributed.__version__}
