"""Work that is spread over processes of this machine, or over the machines of a Dask cluster.

Whoever reaches a scheduler runs code on its workers, so one that is started here listens on 127.0.0.1 alone.
"""

import contextlib
import itertools
import logging
import os
import pickle
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import CancelledError
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from nst_tf.large.budget import bytes_allowed, bytes_free

if TYPE_CHECKING:
    from distributed import Client, Future

Task = TypeVar("Task")
Made = TypeVar("Made")

CONNECTING = 10  # seconds that a scheduler may take to answer
ENDS = 3  # times that the worker of a task may end before the task is given up
AHEAD = 2  # tasks of each worker that are sent there at once, the running one included
EARLY = 4  # tasks of each worker that may be done before an earlier one is
OF_LIMIT = 0.75  # of the memory that Dask lets a worker have, as it pauses it at 0.8
PATIENCE = 60  # seconds without any worker, as those that end are often started anew
LOOK = 1  # seconds after which we look whether a worker that keeps us waiting is still there
THREADS = 1  # of TensorFlow in each worker of our own, so that they don't fight for the cores


class ClusterError(RuntimeError):
    """Work can't be spread, or a task can't be done. The text is one sentence that names the way out."""


@contextlib.contextmanager
def spread(
    most: int, scheduler: str | None, why_unfit: Callable[[], str | None], bytes_each: int = 0
) -> Iterator["Workers"]:
    """Workers that are there until the block ends.

    Args:
        most: of this machine's processes, if there is no scheduler.
        scheduler: address of one that is running, such as tcp://10.0.0.1:8786.
        why_unfit: called in each worker; the sentence that says why it can't do the work, or None.
        bytes_each: of memory that each of this machine's processes takes.

    Raises:
        ClusterError: Dask isn't installed, there is no such scheduler, or a worker can't do the work.
    """
    require_dask()
    import dask

    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}))
        client = _client_of(scheduler, stack) if scheduler else _own_client(most, bytes_each, stack)
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
            'This needs Dask, which isn\'t installed: `python -m pip install -e ".[cluster]"` installs it.'
        ) from None


def _own_client(most: int, bytes_each: int, stack: contextlib.ExitStack) -> "Client":
    import dask
    from distributed import Client, LocalCluster

    # Warnings about workers that Ctrl-C has ended help nobody.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": ENDS}))
    cluster = LocalCluster(
        n_workers=max(1, min(most, cores, bytes_free() // max(1, bytes_each))),
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
        try:
            if not self.number:
                raise ClusterError(
                    f"{self._where} has no workers: start some with `dask worker {self._where} --nthreads 1`."
                )
            said = self._client.run(_problem, self._why_unfit, _versions(), on_error="return")
        except OSError:
            raise self._gone() from None
        for address, problem in said.items():
            if isinstance(problem, OSError):
                continue  # it has ended, and whatever takes its place is asked before its first task
            if isinstance(problem, ImportError):
                raise ClusterError(
                    f"The worker {address} has no nst_tf, or a different version: install the same as here."
                )
            if isinstance(problem, BaseException):
                raise ClusterError(f"The worker {address} failed with {type(problem).__name__}: {problem}")
            if problem:
                raise ClusterError(f"The worker {address}: {problem}")

    def ask(self, function: Callable[[None], Made]) -> Made:
        """What one of the workers returns.

        Raises:
            ClusterError: it fails, or can't do the work.
        """
        ((_, answer),) = self.each(function, {"": None})
        if isinstance(answer, ClusterError):
            raise answer
        return answer

    def each(
        self, function: Callable[[Task], Made], tasks: Mapping[str, Task]
    ) -> Iterator[tuple[str, Made | ClusterError]]:
        """What is made of each task, under its name, as soon as it is done.

        A task whose worker ends is done by another one. Where that happens again and again, or the function
        raises an error, there is a ``ClusterError`` in place of the result.

        Raises:
            ClusterError: the scheduler has gone, or a worker that came late can't do the work.
        """
        from distributed import as_completed

        left, names = enumerate(tasks.items()), dict["Future", str]()
        run = secrets.token_hex(4)  # so that no other run's results are taken for this one's
        done = as_completed()

        def send() -> None:
            """Keep the workers busy, however many there are by now."""
            room = AHEAD * max(1, self.number) - len(names)
            for number, (name, task) in itertools.islice(left, max(0, room)):
                future = self._submit(function, task, key=f"nst_tf-{run}-{number}")
                names[future] = name
                done.add(future)

        try:
            send()
            for future in done:
                outcome, name = self._outcome(future), names.pop(future)
                send()
                yield name, outcome
        finally:
            with contextlib.suppress(Exception):
                self._client.cancel(list(names))

    def each_at_home(
        self,
        function: Callable[[Task], Made | None],
        order: Callable[[int, str, bool], Task],
        number: int,
        homes: dict[int, str],
    ) -> Iterator[tuple[int, Made]]:
        """What is made of each of so many tasks by the worker that did the same task before.

        So a worker can keep what it was told. Where it has ended, another one does its tasks.

        Args:
            function: called with a task's order; it returns None if it hasn't been told all that it needs.
            order: from a task's number, a worker's address, and whether that has to be told everything.
            number: of tasks.
            homes: which worker did which task; kept up to date.

        Raises:
            ClusterError: a task can't be done, there are no workers left, or the scheduler has gone.
        """
        workers, left, ends = self._alive(), set(range(number)), Counter[int]()
        running: dict[Future, tuple[int, str]] = {}

        def send(task: int, address: str, everything: bool = False) -> None:
            homes[task] = address
            future = self._submit(function, order(task, address, everything), workers=[address])
            running[future] = task, address

        try:
            while left or running:
                for future, (task, address) in list(running.items()):
                    if address not in workers:
                        del running[future]
                        left.add(task)
                        ends[task] += 1
                        if ends[task] > ENDS:
                            raise ClusterError(_ENDED)
                _share_out(homes, number, workers)
                for task in _sent_next(left, running.values(), homes):
                    left.remove(task)
                    send(task, homes[task])
                for future in _first_done(running):
                    outcome, (task, address) = self._outcome(future), running.pop(future)
                    if isinstance(outcome, ClusterError):
                        raise outcome
                    if outcome is None:
                        send(task, address, everything=True)
                    else:
                        yield task, outcome
                workers = self._alive()
        finally:
            with contextlib.suppress(Exception):
                self._client.cancel(list(running))

    def least_memory(self) -> tuple[str, int]:
        """The worker that may take the least memory in all, and how many bytes that is.

        Raises:
            ClusterError: there are none, or the scheduler has gone.
        """
        with self._errors_explained():
            free = self._client.run(bytes_allowed, on_error="ignore")
            workers = self._running()
        hosts = Counter(_host_of(address) for address in free)
        allowed = {
            address: free[address] // hosts[_host_of(address)] for address in free if address in workers
        }
        for address in allowed:
            if limit := workers[address]["memory_limit"]:
                allowed[address] = min(allowed[address], int(limit * OF_LIMIT))
        if not allowed:
            raise self._empty()
        least = min(allowed, key=allowed.__getitem__)
        return least, allowed[least]

    def _alive(self) -> list[str]:
        """The addresses of the workers that take tasks; they are waited for if there are none.

        One that has run out of memory is paused by Dask, and counts as one that has ended.
        """
        late = time.monotonic() + PATIENCE
        while time.monotonic() < late:
            with self._errors_explained():
                workers = list(self._running())
            if workers:
                return workers
            time.sleep(LOOK)
        raise self._empty()

    def _running(self) -> dict[str, Any]:
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address: worker for address, worker in workers.items() if worker["status"] == "running"}

    def _submit(self, function: Callable[[Task], Made], task: Task, **how: Any) -> "Future":
        """Have a worker do a task. Only the worker opens it: the scheduler need not load what is in it."""
        packed = pickle.dumps((self._why_unfit, function, task))
        with self._errors_explained():
            return self._client.submit(_done, packed, _versions(), pure=False, **how)

    @contextlib.contextmanager
    def _errors_explained(self) -> Iterator[None]:
        """Whatever Dask's client raises, of many kinds, when its scheduler has gone."""
        try:
            yield
        except Exception:
            raise self._gone() from None

    def _empty(self) -> ClusterError:
        return ClusterError(f"{self._where} has no workers any more: start some, and begin again.")

    def _outcome(self, future: "Future") -> Any:
        from distributed import KilledWorker

        try:
            outcome = future.result()
        except KilledWorker:
            return ClusterError(_ENDED)
        except (CancelledError, OSError):
            raise self._gone() from None
        except Exception as problem:
            return ClusterError(f"A worker failed with {type(problem).__name__}: {problem}")
        if isinstance(outcome, _Unfit):
            raise ClusterError(f"The worker {outcome.address}: {outcome.problem}")
        return outcome

    def _gone(self) -> ClusterError:
        return ClusterError(f"The scheduler of {self._where} has gone: begin again once it is back.")

    def have_done(self, function: Callable[[], object]) -> None:
        """Have each of the workers call a function, as far as they are still there."""
        with contextlib.suppress(Exception):
            self._client.run(function, on_error="ignore")


_ENDED = f"The worker that did it has died {ENDS + 1} times: does it have enough memory?"


def _host_of(address: str) -> str:
    return address.rpartition(":")[0]


def _share_out(homes: dict[int, str], number: int, workers: list[str]) -> None:
    """Give each task a worker, and each worker about as many tasks; who has a task keeps it if possible."""
    most = -(-number // len(workers))
    tasks = Counter[str]()
    for task in range(number):
        home = homes.get(task, "")
        if home in workers and tasks[home] < most:
            tasks[home] += 1
        else:
            homes.pop(task, None)
    for task in sorted(set(range(number)) - homes.keys()):
        homes[task] = min(workers, key=tasks.__getitem__)
        tasks[homes[task]] += 1


def _sent_next(left: set[int], running: Collection[tuple[int, str]], homes: dict[int, str]) -> list[int]:
    """The tasks to be sent now: a few to each worker, and none far ahead of the first that isn't done.

    Results are used in the tasks' order, and those that come early take memory.
    """
    busy = Counter(address for _, address in running)
    first = min([*left, *(task for task, _ in running)], default=0)
    sent = []
    for task in sorted(left):
        if task < first + EARLY * len(set(homes.values())) and busy[homes[task]] < AHEAD:
            busy[homes[task]] += 1
            sent.append(task)
    return sent


def _first_done(running: "dict[Future, Any]") -> "list[Future]":
    """Those that are done, or lost, as soon as one is; none if it takes long."""
    late = time.monotonic() + LOOK
    while time.monotonic() < late:
        if done := [future for future in running if future.status != "pending"]:
            return done
        time.sleep(LOOK / 100)
    return []


# ------------------------------------------------------------------------------------------- in a worker


class Unfit(Exception):  # noqa: N818 - the machine's trouble, not the task's
    """Raised by a task: this machine can't do it. The text is the sentence that says why."""


class _Unfit(NamedTuple):
    """A worker that can't do the work."""

    address: str
    problem: str


_fit: set[bytes] = set()  # the questions to which this process has answered that it can


def _done(packed: bytes, versions: dict[str, str]) -> Any:
    """What is made of a task; a worker that came late is asked first whether it can do it."""
    from distributed import get_worker

    why_unfit, function, task = pickle.loads(packed)
    problem = _problem(why_unfit, versions)
    if problem is None:
        try:
            return function(task)
        except Unfit as unfit:
            problem = str(unfit)
    return _Unfit(get_worker().address, problem)


def _problem(why_unfit: Callable[[], str | None], versions: dict[str, str]) -> str | None:
    """Why this worker can't do the work, or None."""
    question = pickle.dumps((why_unfit, versions))
    if question in _fit:
        return None
    for program, here in _versions().items():
        if here != versions[program]:
            return f"it has {program} {here}, not {versions[program]} as here: install the same."
    try:
        problem = why_unfit()
    except OSError as trouble:
        return f"{trouble.filename or 'its disk'} can't be used ({trouble.strerror})."
    if problem is None:
        _fit.add(question)
    return problem


def _versions() -> dict[str, str]:
    """Of what has to be the same in all workers."""
    import distributed

    package = sys.modules[__package__]  # an import of it would count as a circle
    return {
        "nst_tf": package.__version__,
        "distributed": distributed.__version__,
        "TensorFlow": version("tensorflow"),
    }
