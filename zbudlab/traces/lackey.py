"""Memory references of one program, as valgrind's lackey writes them; reduced to pages.

    valgrind --tool=lackey --trace-mem=yes --log-file=FILE PROGRAM

A page used again among the KEPT pages used last is left out: memory of that many pages or more,
kept by least recent use, has the same faults without it (Smith's stack deletion, 1977). What
valgrind says of itself (`==123== ...`) is passed over.
"""

from pathlib import Path

import numpy as np

from zbudlab import layout
from zbudlab.streams import BLOCK
from zbudlab.traces.reader import Reader
from zbudlab.traces.scan import scan_memory_uses

KEPT = 16


class PageUses(Reader):
    """The pages that a program used, layout.page_use, in batches.

    references: of memory, before they were reduced. kept: pages among which a use is left out.
    """

    record = layout.page_use
    shortest = 3  # a line has 7 bytes at least, and may use two pages

    def __init__(self, path: str | Path, *, block: int = BLOCK, kept: int = KEPT) -> None:
        super().__init__(path, block=block)
        self.recent = np.full((kept, 2), (-1, 0), np.int64)

    @property
    def references(self) -> int:
        return int(self.counts[1])

    def scan(self, text: np.ndarray, records: np.ndarray, odd: np.ndarray) -> int:
        return scan_memory_uses(text, records, self.recent, odd, self.counts)

    def odd_line(self, number: int, line: bytes) -> None:
        if not line.startswith((b"==", b"--")):
            self.malformed.add(number, line)
