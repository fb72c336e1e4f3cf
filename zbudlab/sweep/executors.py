"""Differences between executors: how many workers they have, and how they report dead ones."""

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

#: Dask's errors for a lost scheduler, and for a task whose workers died one after another. They
#: are names because the classes exist only where Dask is installed.
LOST_SCHEDULER = ("CommClosedError", "CancelledError", "ClosedClientError")
LOST_WORKER = ("KilledWorker",)


class InThisProcess(Executor):
    """Run tasks at once, in this process."""

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        future: Future = Future()
        future.set_running_or_notify_cancel()
        future.set_result(function(*arguments, **named))
        return future


class OnDask(Executor):
    """Send tasks to the cluster of a Dask executor, and report the end of each.

    The Dask executor never reports a task whose result was lost with its worker and whose next
    workers died, too. And it answers a task that is sent again with the earlier failure, unless
    `pure` is false.
    """

    def __init__(self, executor: Any) -> None:
        self.executor = executor
        self._client = executor._client
        self.settings = {"pure": False} | executor._kwargs

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        future: Future = Future()
        task = self._client.submit(function, *arguments, **named, **self.settings)
        future.add_done_callback(lambda done: task.cancel() if done.cancelled() else None)
        self._client.loop.add_callback(self._report, task, future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut down the Dask executor; the cluster belongs to the caller."""
        self.executor.shutdown(wait)

    async def _report(self, task: Any, future: Future) -> None:
        """Wait for a task, and pass its result or error on."""
        try:
            result = await self._client.gather(task, asynchronous=True)
        except BaseException as error:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        else:
            if future.set_running_or_notify_cancel():
                future.set_result(result)


def reporting(executor: Executor) -> Executor:
    """Return an executor that reports the end of every task: Dask executors are wrapped."""
    is_dask = hasattr(executor, "_client") and hasattr(executor, "_kwargs")
    return OnDask(executor) if is_dask else executor


def process_pool(jobs: int) -> ProcessPoolExecutor:
    """Make a pool of fresh processes that end with this one, even if it is killed."""
    fresh = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=fresh, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """End this process when its parent ends: a pool's worker would wait for ever."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def workers_of(executor: Executor) -> int:
    """Return how many tasks an executor runs at a time."""
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
    """Return how many tasks to have out at a time: each worker runs one while one waits."""
    return 1 if isinstance(executor, InThisProcess) else 2 * workers_of(executor)


def is_lost(executor: Executor) -> bool:
    """Return whether an executor has lost its workers without failing its tasks.

    The workers of a Dask cluster may come and go. But those of a cluster that this process started
    do not come back once all of them died as they started.
    """
    client = getattr(executor, "_client", None)
    if client is None:
        return False
    cluster = client.cluster  # None unless this process started it
    deserted = bool(getattr(cluster, "worker_spec", None)) and not cluster.workers
    return deserted or client.status not in ("running", "connecting")


def is_broken(error: BaseException) -> bool:
    """Return whether an error says that the whole executor is unusable."""
    return isinstance(error, (BrokenExecutor, CancelledError)) or _is(error, LOST_SCHEDULER)


def is_lost_worker(error: BaseException) -> bool:
    """Return whether an error says that the workers of one task died while others go on."""
    return _is(error, LOST_WORKER)


def _is(error: BaseException, names: Sequence[str]) -> bool:
    return any(kind.__name__ in names for kind in type(error).__mro__)
