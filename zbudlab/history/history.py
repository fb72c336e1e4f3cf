"""Go to any moment of a log, forwards and backwards, and explain what happened there."""

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from zbudlab import jit
from zbudlab.content.compressors import Recorded
from zbudlab.history.changes import Moment
from zbudlab.history.explanation import Explanation, explain
from zbudlab.history.inside import Inside
from zbudlab.history.rerun import answer_from, rebuilt, without_bytes
from zbudlab.history.sentences import FUNCTIONS, Transition
from zbudlab.io.arguments import checked
from zbudlab.layout import EAGAIN
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.keyframes import MERGE, REJECT, SECONDS, Keyframes
from zbudlab.machine.logfile import NoSuchStop
from zbudlab.machine.operations import OPERATIONS
from zbudlab.machine.oplog import Entry, LogError, OperationLog

#: Events that `History.find` finds.
KINDS = ("-EAGAIN", "migration", "reject", "writeback", "merge")


class History:
    """A log, and its machine at any moment: `machine_at(3)` is the machine after 3 operations.

    source: the path of a log file, or a machine that keeps a log. A machine's history grows with
    it. seconds: work between two keyframes. functions: by full name (`zbud.zbud_alloc`), the
    functions that replaced kernels when the log was made (`Machine.replaced`); they replace them
    again.

    Operations are counted from 1, and so are stops: stop n is the machine after operation n, stop 0
    the machine that has just booted. To reach a stop, the machine goes back to the last keyframe
    before it and runs the operations that follow. Keyframes come from the file or machine if it has
    any (`MachineConfig.keyframes`). Beyond them the log has to be run once, and gets keyframes on
    the way (`build`).

    LogError for a file that is not a log, and for a machine without a log.
    """

    @checked()
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
                raise LogError("this machine has no log: create it with log=True")
            self.log, self.config, content = self._origin.log, self._origin.config, True
        else:
            self.log, header = OperationLog.load(source)  # type: ignore[arg-type]
            self.config, content = MachineConfig.from_dict(header["config"]), header["content"]
        self.content = content
        self._lengths = None if content else self.log.page_lengths()
        self._boot()

    def _boot(self) -> None:
        """Start with a machine at stop 0, and with the keyframes that exist already."""
        self.machine = rebuilt(self.log, self.config, content=self.content)
        self.machine.stop_logging()  # this history's log has the steps already
        if self._origin is not None and self.config.page_bytes:
            self.machine.swap.compression.compressor = _Known(self._origin, self.log)
        self._cuts = self.log.cuts
        self._places = self.log.places()
        self._seen = len(self.log)
        self.stop = 0  #: the stop at which `machine` is; -1 = between stops
        self.keyframes = self._given() or Keyframes(self._seconds)
        if not len(self.keyframes):
            self.keyframes.take(self.machine)

    def _given(self) -> Keyframes | None:
        if self.log.keyframes:
            given = Keyframes.from_arrays(self.log.keyframes)
            if given.reached > len(self._places):
                raise LogError("the log has keyframes of more operations than it has")
            return given
        return self._origin.keyframes if self._origin is not None else None

    def _follow(self) -> None:
        """Add what the history's machine has done since; if it went back, start again."""
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
            raise NoSuchStop(f"there is no stop {stop}: this log has {len(self)} operations")

    @checked()
    def __getitem__(self, stop: int) -> Entry:
        """Return the operation that led to a stop, from 1 on."""
        self._check(stop, 1)
        entry = self.log[int(self._places[stop - 1])]
        return entry if self._lengths is None else without_bytes(entry, self._lengths)

    @checked()
    def steps(self, stop: int) -> list[Entry]:
        """Return an operation's steps (calls of functions of `zbudlab.mm`), in order."""
        self._check(stop, 1)
        first = int(self._places[stop - 1]) + 1
        end = int(self._places[stop]) if stop < len(self) else len(self.log)
        return [self.log[place] for place in range(first, end)]

    # --- moments -------------------------------------------------------------------------------

    @property
    def reached(self) -> int:
        """The last stop that keyframes cover."""
        return self.keyframes.reached

    @checked()
    def machine_at(self, stop: int) -> Machine:
        """Return the machine after that many operations.

        It is always the same object, so it is valid until the next call. Changing it does not
        change the machine that this history belongs to. ValueError for a stop that the log does not
        have.
        """
        self._check(stop, 0)
        keyframe = self.keyframes.before(stop)
        if not self.keyframes.stops[keyframe] <= self.stop <= stop:
            self.go_back(keyframe)
        while self.stop < stop:
            self._forward()
        return self.machine

    @checked()
    def go_back(self, keyframe: int) -> None:
        """Return the machine to a keyframe, counted from 0. ValueError if there is none."""
        if not 0 <= keyframe < len(self.keyframes):
            last = len(self.keyframes) - 1
            raise NoSuchStop(f"there is no keyframe {keyframe}: this log has 0 to {last}")
        try:
            self.keyframes.restore(self.machine, keyframe)
        except LogError:
            self._distrust()
            raise
        self.stop = self.keyframes.stops[keyframe]
        if self.stop == self.reached:
            self.keyframes.resume(self.machine)

    def _distrust(self) -> None:
        """Go on without the keyframes of the file, one of which does not describe a machine."""
        self.log.keyframes = {}
        fresh = rebuilt(self.log, self.config, content=self.content)
        self.keyframes = Keyframes(self._seconds)
        self.keyframes.take(fresh)
        self.keyframes.restore(self.machine, 0)
        self.stop = 0

    def _forward(self) -> None:
        """Run one operation. LogError if its answer differs from the logged one."""
        entry = self[self.stop + 1]
        if entry.name not in OPERATIONS:
            raise LogError(f"operation {self.stop + 1} has the unknown name {entry.name!r}")
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
        """Note that the machine is between two stops; the next `machine_at` puts it back."""
        self.stop = -1

    @checked()
    def run(self, entry: Entry, hooks: Mapping[str, Callable] | None = None) -> int:
        """Run an operation on the machine as it is, and return its answer.

        hooks: further functions that replace kernels during this call.
        """
        with self._exchanged(hooks or {}):
            return answer_from(self.machine, self.log, entry)

    def _exchanged(self, hooks: Mapping[str, Callable]) -> contextlib.AbstractContextManager[None]:
        """Return a context in which functions and hooks replace kernels.

        With `functions` nothing is compiled: they may be wrong, and only uncompiled code turns a
        wrong index into an exception.
        """
        if self.functions:
            return jit.uncompiled(jit.KERNELS, {**self.functions, **hooks})
        return jit.replaced(dict(hooks)) if hooks else contextlib.nullcontext()

    @checked()
    def build(self, seconds: float = float("inf"), stop: int | None = None) -> bool:
        """Continue from the end of the keyframes. Return whether they now reach a stop.

        seconds: approximate time limit. stop: default: the end of the log.
        """
        end = time.perf_counter() + seconds
        wanted = len(self) if stop is None else stop
        while self.reached < wanted and time.perf_counter() < end:
            self.machine_at(min(self.reached + 16, wanted))
        return self.reached >= wanted

    @checked()
    def save(self, path: str | Path) -> None:
        """Write the log with keyframes up to its end, so that any moment opens at once."""
        self.build()
        keyframes = self.keyframes.as_arrays()
        self.log.save(path, self.config.as_dict(), content=self.content, keyframes=keyframes)

    # --- explanations --------------------------------------------------------------------------

    @checked()
    def explain(self, stop: int) -> Explanation:
        """Explain the operation that led to a stop. Afterwards the machine is at that stop."""
        entry, steps = self[stop], self.steps(stop)
        before = Moment(self.machine_at(stop - 1))
        after = Moment(self.machine_at(stop), copy=False)
        step = Transition(entry.name, entry.arguments, entry.result, before, after, steps)
        return explain(step, FUNCTIONS.get(entry.name, f"operations.{entry.name}"))

    @checked()
    def inside(self, stop: int) -> Inside:
        """Return the operation that led to a stop, part by part."""
        return Inside(self, stop)

    # --- events --------------------------------------------------------------------------------

    @checked()
    def find(
        self, kind: str, start: int, step: int = 1, *, seconds: float = float("inf")
    ) -> int | None:
        """Return the next stop (step=-1: the previous) at which an event happened, or None.

        kind: "-EAGAIN" (a page could not move at the moment), "migration" (a page moved), "reject"
        (zswap refused a page), "writeback" (a page went from zswap to the swap device), "merge"
        (small free blocks became larger ones). ValueError for any other.

        For "reject" and "merge" the log is run as far as necessary if it was not run before, for at
        most `seconds` seconds; `known` says whether that was enough.
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

    @checked()
    def known(self, kind: str, start: int, step: int = 1) -> bool:
        """Return whether the log was run far enough for `find` to be sure of a None."""
        needed = 0 if kind not in _BITS else start - 1 if step < 0 else len(self)
        return self.reached >= needed

    def _stops_of(self, kind: str) -> np.ndarray:
        """Return the stops found so far at which that kind of event happened, int64."""
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
    """The compressed form of pages that a machine has compressed, and its decompressor."""

    def __init__(self, machine: Machine, log: OperationLog) -> None:
        super().__init__(machine.compressor.name, log.compressed)
        self.decompress = machine.compressor.decompress  # type: ignore[method-assign]
