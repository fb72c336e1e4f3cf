"""Running a sweep: chunks go out, records come in and are kept, whatever dies meanwhile.

When a worker dies, a process pool breaks as a whole, and nobody knows which of its tasks did it.
So the points that were out are then run one at a time: one that kills its worker again is
recorded as failed, all others get their results.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from zbudlab._version import __version__
from zbudlab.sweep import executors
from zbudlab.sweep.chunks import Sizer
from zbudlab.sweep.parts import Parts, check_header
from zbudlab.sweep.points import Experiment, Plan, SweepError
from zbudlab.sweep.table import make_table, read_table, write_table
from zbudlab.sweep.work import Record, ping, run_chunk

if TYPE_CHECKING:
    import pandas as pd

WORKER_DIED = "WorkerDied: the process that ran this point died: killed, or out of memory"
LOOK_SECONDS = 5.0  #: how often to see whether an executor is still there, and how large


class SweepInterrupted(OSError):
    """A sweep that could not go on; what was finished is kept, and the message says where."""


def sweep(
    experiment: Experiment | str,
    grid: Mapping[str, Any],
    *,
    executor: Executor | Callable[[], Executor] | None = None,
    seeds: Iterable[int] | int = 1,
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool | None = None,
) -> "pd.DataFrame":
    """A table with a row for each point of the grid and each seed; see `zbudlab.sweep`.

    experiment: a function `experiment(seed=..., **parameters)` that gives results by name, or
    "module:function". grid: values by parameter name. executor: of `concurrent.futures`, None =
    in this process; or a function that makes one: then one that broke is replaced by another.
    seeds: how many, from 0, or which. out: the Parquet file; finished chunks stand beside it.
    resume: go on with what stands there. progress: None = a bar on a terminal.

    Raises SweepError for what cannot be meant and files of another sweep, SweepInterrupted when
    the executor breaks or the disk is full; finished points are kept then.
    """
    plan = Plan.of(experiment, grid, seeds)
    if out is not None and resume and Path(out).exists():
        table, header = read_table(out)
        check_header(header, plan, Path(out))
        order = list(table.columns[: len(plan.grid)])
        if order != list(plan.grid):
            raise SweepError(f"{out} has its parameters in the order {', '.join(order)}")
        return table
    parts = Parts(out, plan, resume=resume) if out is not None else None
    running = _Sweep(plan, parts, executor)
    running.run(progress)
    table = make_table(plan, running.records)
    if parts is not None:
        with running.kept_on_error():
            write_table(table, parts.out)
        parts.remove()
    return table.to_pandas()


class _Sweep:
    """One sweep under way."""

    def __init__(
        self, plan: Plan, parts: Parts | None, executor: Executor | Callable[[], Executor] | None
    ) -> None:
        self.plan = plan
        self.parts = parts
        self.points = dict(zip(plan.keys, plan.points, strict=True))
        self.records: dict[str, Record] = parts.read() if parts is not None else {}
        self.left = deque(key for key in plan.keys if key not in self.records)
        self.suspects: deque[str] = deque()  # were out when a worker died: run one at a time
        self.flying: dict[Future, list[str]] = {}
        self.alone = False  # whether what flies is a suspect: nothing else does then
        self.make = None if executor is None or isinstance(executor, Executor) else executor
        given = executor if isinstance(executor, Executor) else self._new_executor()
        self.executor = executors.told_to_the_end(given)
        self.sizer = Sizer(1)
        self._look()

    def _new_executor(self) -> Executor:
        return self.make() if self.make is not None else executors.InThisProcess()

    def _look(self) -> None:
        """See how many workers there are now: a cluster may grow and shrink."""
        self.looked = time.monotonic()
        self.limit = executors.in_flight(self.executor)
        self.sizer.workers = executors.workers_of(self.executor)

    @contextlib.contextmanager
    def kept_on_error(self) -> Iterator[None]:
        """Say what is kept where when the block cannot go on."""
        try:
            yield
        except SweepInterrupted:
            raise
        except OSError as error:
            raise self._interrupted(error.strerror or str(error)) from error

    def _interrupted(self, reason: str) -> SweepInterrupted:
        kept = "nothing is kept: give a file to keep results in (out)"
        if self.parts is not None:
            kept = f"they are kept in {self.parts.folder}: resume to do the rest"
        count = f"{len(self.records)} of {len(self.plan)} points are done"
        return SweepInterrupted(f"the sweep was interrupted ({reason}); {count}, {kept}")

    # --- the loop ------------------------------------------------------------------------------

    def run(self, progress: bool | None) -> None:
        """Run all points that are left."""
        hidden = None if progress is None else not progress
        done, total = len(self.records), len(self.plan)
        try:
            with (
                tqdm(total=total, initial=done, unit="run", disable=hidden, leave=False) as bar,
                self.kept_on_error(),
            ):
                while self.left or self.suspects or self.flying:
                    self._send()
                    self._receive()
                    bar.update(len(self.records) - bar.n)
        finally:
            for future in self.flying:
                future.cancel()
            if self.make is not None:
                self.executor.shutdown(wait=False)

    def _send(self) -> None:
        """Keep all workers busy; one task at a time while it is not known which point kills."""
        while self._has_room():
            queue = self.suspects or self.left
            self.alone = bool(self.suspects)
            size = 1 if self.alone else self.sizer.next_size(len(self.left))
            keys = [queue.popleft() for _ in range(size)]
            points = [self.points[key] for key in keys]
            try:
                future = self.executor.submit(run_chunk, self.plan.experiment, points)
            except Exception as error:
                queue.extendleft(reversed(keys))
                self._not_taken(error)
                return
            self.flying[future] = keys

    def _has_room(self) -> bool:
        limit = 1 if self.suspects or self.alone else self.limit
        return bool(self.suspects or self.left) and len(self.flying) < limit

    def _not_taken(self, error: Exception) -> None:
        """An executor did not take a task: it is broken, or the task is none."""
        if executors.is_broken(error):
            self._renew(error)
        elif isinstance(error, RuntimeError):  # it was shut down
            raise self._interrupted(str(error)) from error
        else:
            raise SweepError(f"the executor does not take {self.plan.name}: {error}") from error

    def _receive(self) -> None:
        """Take in what is finished."""
        finished, flying = wait(self.flying, LOOK_SECONDS, return_when=FIRST_COMPLETED)
        if flying and not finished and executors.is_lost(self.executor):
            raise self._interrupted("the executor has lost its workers")
        if time.monotonic() - self.looked > LOOK_SECONDS:
            self._look()
        for future in finished:
            keys = self.flying.pop(future, None)
            if keys is not None:  # else it went down with its pool
                error = _error_of(future)
                if error is None:
                    self._keep(keys, *future.result())
                else:
                    self._failed(keys, error)

    def _keep(self, keys: list[str], version: str, records: Sequence[Record]) -> None:
        if version != __version__:
            raise SweepError(f"a worker has zbudlab {version}, this is {__version__}")
        self.sizer.note(len(keys), sum(record["seconds"] for record in records))
        self._record(keys, records)

    def _record(self, keys: list[str], records: Sequence[Record]) -> None:
        if self.parts is not None:
            self.parts.add(keys, records)
        self.records.update(zip(keys, records, strict=True))

    # --- what dies -----------------------------------------------------------------------------

    def _failed(self, keys: list[str], error: BaseException) -> None:
        """A task came to nothing for a reason that lies outside the experiment."""
        broken = executors.is_broken(error)
        if not broken and not executors.is_lost_worker(error):
            raise SweepError(f"the executor cannot run {self.plan.name}: {error}") from error
        if self.alone and (self.make is not None or not broken):
            died: Record = {"result": None, "error": WORKER_DIED, "seconds": 0.0}
            self._record(keys, [died])
        else:
            self.suspects.extend(keys)
        if broken:
            self._renew(error)

    def _renew(self, error: BaseException) -> None:
        """Put another executor in the place of a broken one; what was out becomes suspect."""
        if self.make is None:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise self._interrupted(f"the executor is broken: {reason}") from error
        flying, self.flying = self.flying, {}
        for future, keys in flying.items():
            if future.done() and _error_of(future) is None:
                self._keep(keys, *future.result())
            else:
                self.suspects.extend(keys)
        self.executor.shutdown(wait=False)
        self.executor = executors.told_to_the_end(self._new_executor())
        try:
            self.executor.submit(ping, self.plan.experiment).result()
        except Exception as still:
            raise self._interrupted(
                f"its workers die at once: is {self.plan.name} in a module that they can import?"
            ) from still


def _error_of(future: Future) -> BaseException | None:
    """Why a finished task has no result; None = it has one."""
    try:
        return future.exception()
    except BaseException as cancelled:
        return cancelled
