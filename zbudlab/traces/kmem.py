"""The page allocator's events, as `perf script`, trace-cmd or ftrace write them.

perf record -e kmem:mm_page_alloc,kmem:mm_page_free -a -- sleep 10 && perf script
trace-cmd record -e kmem:mm_page_alloc -e kmem:mm_page_free && trace-cmd report
"""

import re
from pathlib import Path

import numpy as np

from zbudlab import layout
from zbudlab.io.streams import BLOCK
from zbudlab.layout import MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE
from zbudlab.traces.reader import Reader
from zbudlab.traces.scan import NR_FIELDS, NR_TYPES, scan_block_events

#: Lines that a recorder writes beside the events: headings, and notes of what it lost.
HEADING = re.compile(rb"\s*(#|cpus=|version\s*=|CPU \d+ is empty)")
LOST = re.compile(rb"LOST (\d+)|lost (\d+)")

SHORTEST = 24  #: bytes of a line with an event at least

#: How kernels number migrate types: since 4.4, before that, and as we do.
NUMBERING = {
    "as in Linux 4.4 and later": (MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE),
    "as before Linux 4.4": (MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE),
}
NEW, OLD = NUMBERING
MOVABLE_BEFORE = NUMBERING[OLD].index(MIGRATE_MOVABLE)


class BlockEvents(Reader):
    """Blocks allocated and freed, layout.block_event, in batches.

    lost: events that the recorder says it lost.
    """

    def __init__(self, path: str | Path, *, block: int = BLOCK) -> None:
        super().__init__(path, block=block)
        self.lost = 0
        self.hints = np.zeros(NR_TYPES, np.int64)
        self.fields = np.zeros(NR_FIELDS, np.int64)

    @property
    def other(self) -> int:
        """Events of other kinds."""
        return int(self.counts[1])

    @property
    def numbering(self) -> str:
        """How migrate types are numbered, a key of NUMBERING: seen from what asks for movable."""
        return OLD if self.hints[MOVABLE_BEFORE] else NEW

    def scan(self, text: np.ndarray, odd: np.ndarray) -> np.ndarray:
        events = np.empty(len(text) // SHORTEST + 1, layout.block_event)
        found = scan_block_events(text, events, odd, self.fields, self.hints, self.counts)
        return events[:found]

    def odd_line(self, number: int, line: bytes) -> None:
        if HEADING.match(line):
            return
        lost = LOST.search(line)
        if lost:
            self.lost += int(lost[1] or lost[2])
        else:
            self.malformed.add(number, line)
