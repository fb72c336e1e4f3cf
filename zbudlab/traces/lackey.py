"""Memory references of one program, as valgrind's lackey writes them; reduced to pages.

    valgrind --tool=lackey --trace-mem=yes --log-file=FILE PROGRAM

Most references change nothing, as their page is among the few used last. They are left out so that
memory of KEPT pages or more, from which the least recently used page goes, has the same faults
and writes back the same pages as with all of them; what stays is never more (`reduction.use_page`).
Linux forgets pages in nearly, not exactly that order. What valgrind says of itself
(`==123== ...`) is passed over.
"""

from pathlib import Path

import numpy as np

from zbudlab import layout
from zbudlab.io.streams import BLOCK
from zbudlab.traces.reader import Reader
from zbudlab.traces.reduction import HELD_COLUMNS, USED_COLUMNS, end_uses, held_rows
from zbudlab.traces.scan import scan_memory_uses

KEPT = 16
SHORTEST = 8  #: bytes of a reference's line, nearly


class PageUses(Reader):
    """The pages that a program used, layout.page_use, in batches.

    references: of memory, before they were reduced. kept: what is left out changes nothing for
    memory of so many pages or more.
    """

    def __init__(self, path: str | Path, *, block: int = BLOCK, kept: int = KEPT) -> None:
        super().__init__(path, block=block)
        self.recent = np.zeros((kept, USED_COLUMNS), np.int64)
        self.recent[:] = -1 - np.arange(kept)[:, None]  # pages that nobody uses, the oldest last
        self.held = np.zeros((held_rows(kept), HELD_COLUMNS), np.int64)
        self.marks = np.array([0, -1 - kept], np.int64)  # as NR_HELD, GONE

    @property
    def references(self) -> int:
        return int(self.counts[1])

    def scan(self, text: np.ndarray, odd: np.ndarray) -> np.ndarray:
        parts, start = [], 0
        while start < len(text):
            uses = np.empty(len(text) // SHORTEST + 4 * len(self.held), layout.page_use)
            state = self.recent, self.held, self.marks
            found, start = scan_memory_uses(text, start, uses, *state, odd, self.counts)
            parts.append(uses[:found])
        return np.concatenate(parts)

    def rest(self) -> np.ndarray:
        uses = np.empty(len(self.held), layout.page_use)
        return uses[: end_uses(self.recent, self.held, self.marks, uses, 0)]

    def odd_line(self, number: int, line: bytes) -> None:
        if not line.startswith((b"==", b"--")):
            self.malformed.add(number, line)
