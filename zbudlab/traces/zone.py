"""A zone that repeats a trace of blocks, batch after batch, with samples in between."""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.layout import MIGRATE_UNMOVABLE
from zbudlab.machine.config import MAX_FRAMES
from zbudlab.machine.errors import ConfigError
from zbudlab.mm import bootmem
from zbudlab.mm.state import State
from zbudlab.traces import blocks
from zbudlab.traces.figures import Samples, look

MIN_FRAMES = 2 * layout.MAX_ORDER_NR_PAGES
TABLE = 1 << 12  #: entries of the table of blocks at first


class BlockReplay:
    """The zone, initially free. frames: its size. every: events between two samples."""

    def __init__(self, frames: int, *, every: int = 1024) -> None:
        if not MIN_FRAMES <= frames <= MAX_FRAMES:
            raise ConfigError(f"frames must be {MIN_FRAMES} to {MAX_FRAMES}, not {frames}")
        self.state = State(frames, page_bytes=False)
        bootmem.free_all_bootmem(self.state.mem, frames, [])
        self.table = np.zeros(TABLE, layout.traced_block)
        self.counts = np.zeros(blocks.NR_COUNTS, np.int64)
        self.samples = Samples(every)
        self.done = 0
        self.first_time = self.last_time = -1

    def feed(self, events: np.ndarray, types: tuple[int, ...]) -> None:
        """Repeat events, layout.block_event. types: the simulated type of each traced number."""
        numbers = np.full(8, MIGRATE_UNMOVABLE, np.int64)
        numbers[: len(types)] = types
        start = 0
        while start < len(events):
            end = min(start + self.samples.due(self.done), len(events))
            self._follow(numbers, events, start, end)
            self.done += end - start
            self._note_times(events["time"][start:end])
            self.samples.take(self.done, self.sample)
            start = end

    def _follow(self, numbers: np.ndarray, events: np.ndarray, start: int, end: int) -> None:
        """Repeat events in one compiled call, plus one each time the table grows."""
        while True:
            arrays = (self.table, self.counts, numbers, events)
            start = blocks.follow(self.state.mem, *arrays, start, end)
            if start == end:
                return
            larger = np.zeros(2 * len(self.table), layout.traced_block)
            blocks.rehash(self.table, larger, self.counts)
            self.table = larger

    def _note_times(self, times: np.ndarray) -> None:
        if self.first_time < 0:
            self.first_time = int(times[0])
        self.last_time = max(self.last_time, self.first_time, int(times[-1]))

    def sample(self) -> dict[str, Any]:
        """Return a sample of the zone."""
        passed = (self.last_time - self.first_time) / 1e9 if self.first_time >= 0 else None
        counts = dict(zip(("refused", "live"), self.counts[list(SAMPLED)].tolist(), strict=True))
        return {"event": self.done, "seconds": passed, **look(self.state), **counts}

    def finish(self) -> list[dict[str, Any]]:
        """Return all samples, including one at the end."""
        return self.samples.finished(self.done, self.sample)


SAMPLED = (blocks.REFUSED, blocks.LIVE)
