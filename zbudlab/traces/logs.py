"""Logs of `Machine`, run again, with samples of free memory."""

from functools import partial
from pathlib import Path

from zbudlab import history
from zbudlab.io.streams import Malformed
from zbudlab.machine import Machine
from zbudlab.machine.oplog import Entry, LogError
from zbudlab.traces.figures import Figures, Sample, Samples, look


class LogReplay:
    """A rerun of a log; `differs` is the first operation whose answer differs, or None.

    The log is read as a whole, so memory must hold the log and one machine.
    """

    def __init__(self, path: str | Path, *, every: int = 64) -> None:
        self.path = path
        self.samples = Samples(every)
        self.operations = 0
        self.differs: tuple[int, Entry, int] | None = None
        self.machine: Machine | None = None

    def run(self) -> None:
        """Run all operations up to the first that differs."""
        for place, entry, answer, machine in history.rerun(self.path):
            self.machine, self.operations = machine, place
            if answer != entry.result:
                self.differs = place, entry, answer
                return
            self.samples.take(place, partial(self._sample, machine))

    def _sample(self, machine: Machine) -> Sample:
        events = machine.paging.events
        counts = {name: events[name] for name in ("pgfault", "pgmajfault", "pgmigrate_success")}
        place = {"event": self.operations, "seconds": None}
        return {**place, **look(machine.state), **counts}

    def figures(self) -> Figures:
        """Return the figures. Raises LogError for a log without an operation."""
        if self.machine is None:
            raise LogError(f"{self.path}: there is no operation in this log")
        samples = self.samples.finished(self.operations, partial(self._sample, self.machine))
        frames = self.machine.config.frames
        counts = {"operations": self.operations}
        return Figures("machine", str(self.path), frames, counts, samples, Malformed())
