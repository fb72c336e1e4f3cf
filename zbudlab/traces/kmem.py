"""The page allocator's events, as `perf script`, `perf trace`, trace-cmd or ftrace write them.

perf record -e kmem:mm_page_alloc,kmem:mm_page_free -a -- sleep 10 && perf script
trace-cmd record -e kmem:mm_page_alloc -e kmem:mm_page_free && trace-cmd report

Kernels from 2.6.31 to 3.2 call the second event mm_page_free_direct and mm_pagevec_free.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from zbudlab import layout
from zbudlab.io.streams import BLOCK
from zbudlab.layout import MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE
from zbudlab.traces.event_lines import NR_FIELDS, NR_TYPES, scan_block_events
from zbudlab.traces.reader import Reader
from zbudlab.traces.scan import OTHERS, STACK, STEALS
from zbudlab.traces.systrace import TraceData

#: Lines that a recorder writes in addition to events: headings, and notes on what it lost.
HEADING = re.compile(
    rb"(\xef\xbb\xbf)?\s*(#|cpus=|version\s*=|CPU \d+ is empty|TRACE:$|Processed \d+ events|"
    rb"Check IO/CPU overload|(.*kernel:\s*)?(\[[\s\d.]+\]\s*)?(Dumping ftrace|-{9,}|"
    rb"\(ftrace buffer empty\)))"
)
LOST = re.compile(rb"(?:LOST|lost|\[)\s*(\d+) (?:EVENTS|events)|LOST (\d+)|\blost (\d+)(?! chunks)")
DROPPED = re.compile(rb"\[EVENTS DROPPED\]|EVENTS LOST|overrun|lost \d+ chunks")
EVENT = re.compile(rb"\s\d+(\.\d+)?: ")  #: of any kind; one of another kind may say `lost`, too
#: One of the words that these have; a line without any costs one search.
SAYS = re.compile(rb"#|cpus=|version|CPU|TRACE:|Processed|ftrace|-{9}|lost|LOST|EVENTS|overrun")
OURS = re.compile(rb"mm_page_|_LOST|EVENTS")

SHORTEST = 24  #: bytes of a line with an event at least

#: How kernels number migrate types: since 4.4, and before.
NUMBERING = {
    "as in Linux 4.4 and later": (MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE),
    "as before Linux 4.4": (MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE),
}
NEW, OLD = NUMBERING
MOVABLE_BEFORE = NUMBERING[OLD].index(MIGRATE_MOVABLE)


class BlockEvents(Reader):
    """Blocks allocated and freed, layout.block_event, in batches.

    lost: events that the recorder counted as lost. losses: number of notes that events were lost
    without saying how many.
    """

    def __init__(self, path: str | Path, *, block: int = BLOCK) -> None:
        super().__init__(path, block=block)
        self.lost = 0
        self.losses = 0
        self.hints = np.zeros(NR_TYPES, np.int64)
        self.fields = np.zeros(NR_FIELDS, np.int64)

    @property
    def other(self) -> int:
        """Events of other kinds."""
        return int(self.counts[OTHERS])

    @property
    def stack(self) -> int:
        """Lines of call chains."""
        return int(self.counts[STACK])

    @property
    def steals(self) -> int:
        """Allocations that took a block from another migrate type (mm_page_alloc_extfrag)."""
        return int(self.counts[STEALS])

    @property
    def numbering(self) -> str:
        """How migrate types are numbered, a key of NUMBERING, inferred from movable requests."""
        return OLD if self.hints[MOVABLE_BEFORE] else NEW

    def of_interest(self, source: Iterable[bytes]) -> Iterable[bytes]:
        return TraceData().of(source)

    def scan(self, text: np.ndarray, odd: np.ndarray) -> np.ndarray:
        events = np.empty(len(text) // SHORTEST + 1, layout.block_event)
        found = scan_block_events(text, events, odd, self.fields, self.hints, self.counts)
        return events[:found]

    def odd_line(self, number: int, line: bytes) -> None:
        if not SAYS.search(line):
            self.malformed.note(number, line)
        elif DROPPED.search(line):
            self.losses += 1
        elif HEADING.match(line):
            return
        elif EVENT.search(line) and not OURS.search(line):
            self.counts[OTHERS] += 1
        elif lost := LOST.search(line):
            self.lost += int(next(filter(None, lost.groups())))
        else:
            self.malformed.note(number, line)
