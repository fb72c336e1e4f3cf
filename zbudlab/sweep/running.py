"""A running sweep: send chunks, receive and keep records, and survive dead workers.

When a worker dies, a process pool breaks as a whole and does not say which task was the cause. So
the points that were out are then run one at a time: one that kills its worker again is recorded
as failed, and all others get their results.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from tqdm import tqdm

from zbudlab._version import __version__
from zbudlab.sweep import executors
from zbudlab.sweep.chunks import Sizer
from zbudlab.sweep.design import Design
from zbudlab.sweep.parts import Parts
from zbudlab.sweep.points import SweepError
from zbudlab.sweep.work import Record, ping, run_chunk

WORKER_DIED = "WorkerDied: the process that ran this point died: killed, or out of memory"
LOOK_SECONDS = 5.0  #: how often to look whether an executor still exists, and its size


class SweepInterrupted(OSError):
    """A sweep that could not go on; finished points are kept where the message says."""


class Running:
    """A running sweep; `records` has the outcome of every finished point by key.

    parts: where to keep finished chunks, None = nowhere. records: of the points done already.
    """

    def __init__(
        self,
        design: Design,
        parts: Parts | None,
        executor: Executor | Callable[[], Executor] | None,
        records: Mapping[str, Record],
    ) -> None:
        self.design = design
        self.parts = parts
        self.points = dict(zip(design.keys, design.points, strict=True))
        self.records = dict(records)
        self.left = deque(key for key in design.keys if key not in self.records)
        self.suspects: deque[str] = deque()  # out when a worker died; run one at a time
        self.flying: dict[Future, list[str]] = {}
        self.alone = False  # whether the one chunk out is a suspect
        self.make = None if executor is None or isinstance(executor, Executor) else executor
        given = executor if isinstance(executor, Executor) else self._new_executor()
        self.executor = executors.reporting(given)
        self.sizer = Sizer(1)
        self._look()

    def _new_executor(self) -> Executor:
        return self.make() if self.make is not None else executors.InThisProcess()

    def _look(self) -> None:
        """Count the workers again: a cluster may grow and shrink."""
        self.looked = time.monotonic()
        self.limit = executors.in_flight(self.executor)
        self.sizer.workers = executors.workers_of(self.executor)

    @contextlib.contextmanager
    def kept_on_error(self) -> Iterator[None]:
        """Add to an OSError in the block where finished points are kept."""
        try:
            yield
        except SweepInterrupted:
            raise
        except OSError as error:
            raise self._interrupted(error.strerror or str(error)) from error

    def _interrupted(self, reason: str) -> SweepInterrupted:
        kept = "nothing is kept: give a file (out) to keep results"
        if self.parts is not None:
            kept = f"they are kept in {self.parts.folder}: resume to do the rest"
        count = f"{len(self.records)} of {len(self.design)} points are done"
        return SweepInterrupted(f"the sweep was interrupted ({reason}); {count}, {kept}")

    # --- the loop ------------------------------------------------------------------------------

    def run(self, progress: bool | None) -> None:
        """Run all points that are left. progress: None = show a bar on a terminal."""
        hidden = None if progress is None else not progress
        done, total = len(self.records), len(self.design)
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
        """Keep all workers busy, or send one suspect at a time while there are any."""
        while self._has_room():
            queue = self.suspects or self.left
            self.alone = bool(self.suspects)
            size = 1 if self.alone else self.sizer.next_size(len(self.left))
            keys = [queue.popleft() for _ in range(size)]
            points = [self.points[key] for key in keys]
            try:
                future = self.executor.submit(run_chunk, self.design.experiment, points)
            except Exception as error:
                queue.extendleft(reversed(keys))
                self._not_taken(error)
                return
            self.flying[future] = keys

    def _has_room(self) -> bool:
        limit = 1 if self.suspects or self.alone else self.limit
        return bool(self.suspects or self.left) and len(self.flying) < limit

    def _not_taken(self, error: Exception) -> None:
        """Handle a task that an executor refused: it is broken, or cannot pickle the experiment."""
        if executors.is_broken(error):
            self._renew(error)
        elif isinstance(error, RuntimeError):  # it was shut down
            raise self._interrupted(str(error)) from error
        else:
            raise SweepError(f"the executor refuses {self.design.name}: {error}") from error

    def _receive(self) -> None:
        """Wait for chunks, and record the finished ones."""
        finished, flying = wait(self.flying, LOOK_SECONDS, return_when=FIRST_COMPLETED)
        if flying and not finished and executors.is_lost(self.executor):
            raise self._interrupted("the executor has lost its workers")
        if time.monotonic() - self.looked > LOOK_SECONDS:
            self._look()
        for future in finished:
            keys = self.flying.pop(future, None)
            if keys is not None:  # None: it was lost with its pool
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

    # --- dead workers --------------------------------------------------------------------------

    def _failed(self, keys: list[str], error: BaseException) -> None:
        """Handle a task that failed for a reason outside the experiment."""
        broken = executors.is_broken(error)
        if not broken and not executors.is_lost_worker(error):
            raise SweepError(f"the executor cannot run {self.design.name}: {error}") from error
        if self.alone and (self.make is not None or not broken):
            died: Record = {"result": None, "error": WORKER_DIED, "seconds": 0.0}
            self._record(keys, [died])
        else:
            self.suspects.extend(keys)
        if broken:
            self._renew(error)

    def _renew(self, error: BaseException) -> None:
        """Replace a broken executor; points that were out become suspects."""
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
        self.executor = executors.reporting(self._new_executor())
        try:
            self.executor.submit(ping, self.design.experiment).result()
        except Exception as still:
            raise self._interrupted(
                f"its workers die as they start: can they import {self.design.name}?"
            ) from still


def _error_of(future: Future) -> BaseException | None:
    """Return why a finished task has no result, or None."""
    try:
        return future.exception()
    except BaseException as cancelled:
        return cancelled
