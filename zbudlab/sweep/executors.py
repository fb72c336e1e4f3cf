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
LOST_SCHEDULER = ("CommClosedError", "FutureCancelledError", "ClosedClientError")
LOST_WORKER = ("KilledWorker",)


class InThisProcess(Executor):
    """Runs what is submitted at once, here."""

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        future: Future = Future()
        future.set_running_or_notify_cancel()
        future.set_result(function(*arguments, **named))
        return future


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
    """Whether an executor has lost touch with its workers without saying so to its tasks."""
    client = getattr(executor, "_client", None)
    return client is not None and client.status not in ("running", "connecting")


def is_broken(error: BaseException) -> bool:
    """Whether an error says that the executor as a whole can do no more."""
    return isinstance(error, (BrokenExecutor, CancelledError)) or _is(error, LOST_SCHEDULER)


def is_lost_worker(error: BaseException) -> bool:
    """Whether an error says that the workers of this one task died, while others go on."""
    return _is(error, LOST_WORKER)


def _is(error: BaseException, names: Sequence[str]) -> bool:
    return any(kind.__name__ in names for kind in type(error).__mro__)
