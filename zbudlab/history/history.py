"""Logs of machines, run again: from the start (`replay`), or to any moment and back (`History`).

A log replays on a machine of the same configuration, operation by operation, and each must
answer as it did. Nothing is compressed anew: what the compressor made of each page is in the log.
A log saved without page content replays on a machine without page bytes.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from zbudlab import jit
from zbudlab.content.compressors import Recorded
from zbudlab.history.changes import Moment
from zbudlab.history.explanation import Explanation, explain
from zbudlab.history.inside import Inside
from zbudlab.history.steps import FUNCTIONS, Step
from zbudlab.layout import EAGAIN, PAGE_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import MachineError
from zbudlab.machine.keyframes import MERGE, REJECT, SECONDS, Keyframes
from zbudlab.machine.operations import OPERATIONS
from zbudlab.machine.oplog import Entry, LogError, OperationLog


def rebuilt(log: OperationLog, config: MachineConfig, *, content: bool) -> Machine:
    """The machine that a log starts from."""
    config = replace(config, log=True, keyframes=False)
    if content:
        recorded = Recorded(config.compressor, log.compressed)
        machine = Machine(config, compressor=recorded)
    else:
        machine = Machine(replace(config, page_bytes=False))
    assert machine.log is not None
    machine.log.numbers = dict(log.numbers)
    machine.log.contents = list(log.contents)
    return machine


def without_bytes(entry: Entry, lengths: list[int]) -> Entry:
    """An operation for a machine without page bytes: a `write` of lengths, a `read` that touches.

    lengths: compressed, of the log's pages by their numbers.
    """
    if entry.name == "write":
        arguments = entry.arguments[:2] + [lengths[number] for number in entry.arguments[2:]]
        return entry._replace(name="write_lengths", arguments=arguments)
    if entry.name == "read":
        process, first, count = entry.arguments
        pages = list(range(first, first + count))
        return entry._replace(name="touch", arguments=[process, 0, *pages])
    return entry


def answer(machine: Machine, entry: Entry) -> int:
    """What an operation answers; a negative errno where the machine refuses it."""
    try:
        return machine.operate(entry.name, *entry.arguments)
    except MachineError as error:
        return -(error.errno or 0)


def replay(path: str | Path) -> Iterator[tuple[int, Entry, int, Machine]]:
    """Run a saved log: for each operation its place, its entry, the answer now, the machine.

    Raises LogError for a file that is no log.
    """
    log, header = OperationLog.load(path)
    config = MachineConfig.from_dict(header["config"])
    content = header["content"]
    machine = rebuilt(log, config, content=content)
    lengths = [log.lengths.get(digest, 0) for digest in log.numbers]
    for place, entry in enumerate(log.operations(), 1):
        if entry.name not in OPERATIONS:
            raise LogError(f"{path}: operation {place}, {entry.name!r}, is none that there is")
        if not content:
            entry = without_bytes(entry, lengths)
        yield place, entry, answer(machine, entry), machine


def replayed(path: str | Path) -> Machine:
    """The machine at the end of a saved log; LogError if an operation answers otherwise now."""
    machine = None
    for place, entry, found, at_work in replay(path):
        machine = at_work
        if found != entry.result:
            raise LogError(
                f"{path}: operation {place}, {entry.name} {entry.arguments}: answered "
                f"{entry.result} when it was logged, {found} now"
            )
    if machine is None:
        raise LogError(f"{path}: there is no operation in this log")
    return machine


# --- to any moment and back --------------------------------------------------------------------

#: What `History.find` looks for.
KINDS = ("-EAGAIN", "migration", "reject", "writeback", "merge")


class History:
    """A log, and its machine at any moment: `machine_at(3)` is the machine after 3 operations.

    source: a log file's path, or a machine that keeps a log. A machine's history grows with it.
    seconds: of work between two keyframes. functions: by their full names (`zbud.zbud_alloc`), what
    ran in the place of kernels when the log was made (`Machine.replaced`), and does again.

    Operations are counted from 1, as stops; stop 0 is the machine that has just booted. Getting to
    a stop is going back to the keyframe before it and running what follows. Keyframes come from
    the file or machine if they are there (`MachineConfig.keyframes`); where they end, the log has
    to be run once, and is given keyframes on the way (`build`).
    """

    def __init__(
        self,
        source: str | Path | Machine,
        *,
        seconds: float = SECONDS,
        functions: Mapping[str, Callable] | None = None,
    ) -> None:
        self.functions = dict(functions or {})
        self._origin = source if isinstance(source, Machine) else None
        self._seconds = seconds
        if self._origin is not None:
            if self._origin.log is None:
                raise LogError("this machine keeps no log: build it with log=True")
            self.log, self.config, content = self._origin.log, self._origin.config, True
        else:
            self.log, header = OperationLog.load(source)  # type: ignore[arg-type]
            self.config, content = MachineConfig.from_dict(header["config"]), header["content"]
        self.content = content
        self._lengths = None if content else [self.log.lengths[d] for d in self.log.numbers]
        self._boot()

    def _boot(self) -> None:
        """Start with a machine at stop 0 and the keyframes that there are."""
        self.machine = rebuilt(self.log, self.config, content=self.content)
        self.machine.stop_logging()  # steps are in this history's log already
        if self._origin is not None and self.config.page_bytes:
            self.machine.swap.compression.compressor = _Known(self._origin, self.log)
        self._cuts = self.log.cuts
        self._places = self.log.places()
        self._seen = len(self.log)
        self.stop = 0  #: where `machine` stands
        self.keyframes = self._given() or Keyframes(self._seconds)
        if not len(self.keyframes):
            self.keyframes.take(self.machine)

    def _given(self) -> Keyframes | None:
        if self.log.keyframes:
            return Keyframes.from_arrays(self.log.keyframes)
        return self._origin.keyframes if self._origin is not None else None

    def _follow(self) -> None:
        """See what the machine of this history did since; if it went back, begin anew."""
        if self._cuts != self.log.cuts:
            self._boot()
        elif self._seen != len(self.log):
            self._places = np.concatenate([self._places, self.log.places(self._seen)])
            self._seen = len(self.log)

    # --- operations ----------------------------------------------------------------------------

    def __len__(self) -> int:
        self._follow()
        return len(self._places)

    def _check(self, stop: int, first: int) -> None:
        if not first <= stop <= len(self):
            raise IndexError(f"there is no stop {stop}: this log has {len(self)} operations")

    def __getitem__(self, stop: int) -> Entry:
        """The operation that led to a stop, from 1 on."""
        self._check(stop, 1)
        entry = self.log[int(self._places[stop - 1])]
        return entry if self._lengths is None else without_bytes(entry, self._lengths)

    def steps(self, stop: int) -> list[Entry]:
        """The steps of the operation that led to a stop: functions of `zbudlab.mm`, in order."""
        self._check(stop, 1)
        first = int(self._places[stop - 1]) + 1
        end = int(self._places[stop]) if stop < len(self) else len(self.log)
        return [self.log[place] for place in range(first, end)]

    # --- moments -------------------------------------------------------------------------------

    @property
    def reached(self) -> int:
        """The last stop to which the keyframes go."""
        return self.keyframes.reached

    def machine_at(self, stop: int) -> Machine:
        """The machine after that many operations: always the same object, so good until the next
        call. Nothing that is done to it reaches the machine this history is of."""
        self._check(stop, 0)
        keyframe = self.keyframes.before(stop)
        if not self.keyframes.stops[keyframe] <= self.stop <= stop:
            self.go_back(keyframe)
        while self.stop < stop:
            self._forward()
        return self.machine

    def go_back(self, keyframe: int) -> None:
        """Put the machine where a keyframe is."""
        self.keyframes.restore(self.machine, keyframe)
        self.stop = self.keyframes.stops[keyframe]
        if self.stop == self.reached:
            self.keyframes.resume(self.machine)

    def _forward(self) -> None:
        """Run one operation."""
        entry = self[self.stop + 1]
        if entry.name not in OPERATIONS:
            raise LogError(f"operation {self.stop + 1}, {entry.name!r}, is none that there is")
        started = time.process_time()
        found = self.run(entry)
        self.stop += 1
        if found != entry.result:
            raise LogError(
                f"operation {self.stop}, {entry.name}: answered {entry.result} when it was "
                f"logged, {found} now"
            )
        if self.stop > self.reached:
            self.keyframes.after(self.machine, time.process_time() - started)

    def leave(self) -> None:
        """Say that the machine will stand between two stops; the next `machine_at` puts it back."""
        self.stop = -1

    def run(self, entry: Entry, hooks: Mapping[str, Callable] | None = None) -> int:
        """Do an operation on the machine where it stands; its answer.

        hooks: further functions in the place of kernels, for this time.
        """
        with self._exchanged(hooks or {}):
            return self._done(entry)

    def _exchanged(self, hooks: Mapping[str, Callable]) -> contextlib.AbstractContextManager[None]:
        """A block with the functions and hooks in place; others' functions may be wrong, and what
        is wrong ends in an exception only where nothing is compiled."""
        if self.functions:
            return jit.uncompiled(jit.KERNELS, {**self.functions, **hooks})
        return jit.replaced(dict(hooks)) if hooks else contextlib.nullcontext()

    def _done(self, entry: Entry) -> int:
        if entry.name != "write":
            return answer(self.machine, entry)
        process, first, *numbers = entry.arguments
        content = b"".join(self.log.contents[number] or b"" for number in numbers)
        pages = np.frombuffer(content, np.uint8).reshape(-1, PAGE_SIZE)
        try:
            self.machine.write(process, first, pages)
        except MachineError as error:
            return -(error.errno or 0)
        return len(pages)

    def build(self, seconds: float = float("inf"), stop: int | None = None) -> bool:
        """Run on from where the keyframes end, for about so long; whether they reach that stop.

        stop: default: the end.
        """
        end = time.perf_counter() + seconds
        wanted = len(self) if stop is None else stop
        while self.reached < wanted and time.perf_counter() < end:
            self.machine_at(min(self.reached + 16, wanted))
        return self.reached >= wanted

    def save(self, path: str | Path) -> None:
        """Write the log with keyframes to its end, so that it opens anywhere at once."""
        self.build()
        keyframes = self.keyframes.as_arrays()
        self.log.save(path, self.config.as_dict(), content=self.content, keyframes=keyframes)

    # --- explanations --------------------------------------------------------------------------

    def explain(self, stop: int) -> Explanation:
        """What the operation that led to a stop did and why; the machine then stands there."""
        entry, steps = self[stop], self.steps(stop)
        before = Moment(self.machine_at(stop - 1))
        after = Moment(self.machine_at(stop), copy=False)
        step = Step(entry.name, entry.arguments, entry.result, before, after, steps)
        return explain(step, FUNCTIONS.get(entry.name, f"operations.{entry.name}"))

    def inside(self, stop: int) -> Inside:
        """The operation that led to a stop, part by part."""
        return Inside(self, stop)

    # --- events --------------------------------------------------------------------------------

    def find(
        self, kind: str, start: int, step: int = 1, *, seconds: float = float("inf")
    ) -> int | None:
        """The next stop (step=-1: the one before) at which something of that kind happened.

        kind: "-EAGAIN" (a page could not move just now), "migration" (one moved), "reject" (zswap
        refused a page), "writeback" (one went from zswap to the swap device), "merge" (small free
        blocks became larger ones). None = there is none. For "reject" and "merge" the log is run
        as far as it takes, if it was not yet; for `seconds` at most (then see `known`).
        """
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
        end = time.perf_counter() + seconds
        while True:
            known = self.known(kind, start, step)
            stops = self._stops_of(kind)
            found = stops[stops > start][:1] if step > 0 else stops[stops < start][-1:]
            if len(found) or known or time.perf_counter() > end:
                return int(found[0]) if len(found) else None
            self.build(0.1)

    def known(self, kind: str, start: int, step: int = 1) -> bool:
        """Whether the log was run far enough for `find` to be sure that there is no such event."""
        needed = 0 if kind not in _BITS else start - 1 if step < 0 else len(self)
        return self.reached >= needed

    def _stops_of(self, kind: str) -> np.ndarray:
        """The stops seen so far at which something of that kind happened."""
        self._follow()
        if kind in _BITS:
            events = np.frombuffer(bytes(self.keyframes.events), np.uint8)
            return 1 + np.flatnonzero(events & _BITS[kind])
        if kind == "-EAGAIN":
            entries = self.log.results() == -EAGAIN
        elif kind == "migration":
            entries = self.log.named("migrate.unmap_and_move") & (self.log.results() == 0)
        else:
            entries = self.log.named("zswap.zswap_writeback_end")
        return np.unique(np.searchsorted(self._places, np.flatnonzero(entries), "right"))


_BITS = {"reject": REJECT, "merge": MERGE}


class _Known(Recorded):
    """What a machine's own compressor made of pages, and that compressor to undo it."""

    def __init__(self, machine: Machine, log: OperationLog) -> None:
        super().__init__(machine.compressor.name, log.compressed)
        self.decompress = machine.compressor.decompress  # type: ignore[method-assign]
