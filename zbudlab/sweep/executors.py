"""Executors of any kind: how many workers they have, and how they say that one died."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from multiprocessing.connection import wait
from typing import Any

#: Dask's words for a scheduler that is gone and for a task whose workers died, one after the
#: other; its classes are there only where it is installed.
LOST_SCHEDULER = ("CommClosedError", "CancelledError", "ClosedClientError")
LOST_WORKER = ("KilledWorker",)


class InThisProcess(Executor):
    """Runs what is submitted at once, here."""

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        future: Future = Future()
        future.set_running_or_notify_cancel()
        future.set_result(function(*arguments, **named))
        return future


class OnDask(Executor):
    """Tasks for the cluster of one of Dask's executors, each told to its end.

    Dask's own never says what became of a task whose result was lost with its worker, and whose
    next workers died too; and a task that is sent again would be answered by its old failure
    (`pure`).
    """

    def __init__(self, executor: Any) -> None:
        self.executor = executor
        self._client = executor._client
        self.settings = {"pure": False} | executor._kwargs

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        future: Future = Future()
        task = self._client.submit(function, *arguments, **named, **self.settings)
        future.add_done_callback(lambda done: task.cancel() if done.cancelled() else None)
        self._client.loop.add_callback(self._tell, task, future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Whoever made the executor ends it; here as there."""
        self.executor.shutdown(wait)

    async def _tell(self, task: Any, future: Future) -> None:
        """Wait for a task, and say what came of it."""
        try:
            result = await self._client.gather(task, asynchronous=True)
        except BaseException as error:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        else:
            if future.set_running_or_notify_cancel():
                future.set_result(result)


def told_to_the_end(executor: Executor) -> Executor:
    """An executor whose tasks all come to an end that is told: Dask's are wrapped."""
    is_dask = hasattr(executor, "_client") and hasattr(executor, "_kwargs")
    return OnDask(executor) if is_dask else executor


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """A pool of fresh processes that end with this one, even if it is killed."""
    fresh = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=fresh, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Have this process end when its parent does: a pool's worker would wait for ever."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def workers_of(executor: Executor) -> int:
    """How many tasks an executor runs at a time."""
    if isinstance(executor, InThisProcess):
        return 1
    known = getattr(executor, "_max_workers", None)
    if isinstance(known, int):
        return known
    client = getattr(executor, "_client", None)  # Dask's
    if client is not None:
        return max(sum(client.nthreads().values()), 1)
    return os.cpu_count() or 1


def in_flight(executor: Executor) -> int:
    """How many tasks to have out at a time: one is run by each worker, one waits for it."""
    return 1 if isinstance(executor, InThisProcess) else 2 * workers_of(executor)


def is_lost(executor: Executor) -> bool:
    """Whether an executor has lost its workers without saying so to its tasks.

    Dask's are waited for, as they may come and go; but those of a cluster that was started here do
    not come again once they all died as they started.
    """
    client = getattr(executor, "_client", None)
    if client is None:
        return False
    cluster = client.cluster  # None unless it was started here
    deserted = bool(getattr(cluster, "worker_spec", None)) and not cluster.workers
    return deserted or client.status not in ("running", "connecting")


def is_broken(error: BaseException) -> bool:
    """Whether an error says that the executor as a whole can do no more."""
    return isinstance(error, (BrokenExecutor, CancelledError)) or _is(error, LOST_SCHEDULER)


def is_lost_worker(error: BaseException) -> bool:
    """Whether an error says that the workers of this one task died, while others go on."""
    return _is(error, LOST_WORKER)


def _is(error: BaseException, names: Sequence[str]) -> bool:
    return any(kind.__name__ in names for kind in type(error).__mro__)
