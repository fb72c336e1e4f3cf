"""Memory references of one program, reduced to uses of pages.

    valgrind --tool=lackey --trace-mem=yes --log-file=FILE PROGRAM

or lines with a hexadecimal address and R or W, as courses on operating systems use them.

Most references change nothing, because their page is among the few used last. They are left out in
such a way that a memory of KEPT pages or more with LRU replacement has the same faults and writes
back the same pages as with all references (`reduction.use_page`). The result is never longer. Linux
reclaims pages in nearly, but not exactly, that order. Messages of valgrind itself (`==123== ...`)
are skipped.
"""

from pathlib import Path

import numpy as np

from zbudlab import layout
from zbudlab.io.streams import BLOCK
from zbudlab.traces.reader import Reader
from zbudlab.traces.reduction import HELD_COLUMNS, USED_COLUMNS, end_uses, held_rows
from zbudlab.traces.scan import OTHERS
from zbudlab.traces.use_lines import LACKEY, PLAIN, scan_memory_uses

KEPT = 16
SHORTEST = 3  #: bytes of a reference's line, nearly
COMMENTS = {LACKEY: (b"==", b"--"), PLAIN: (b"#", b"//", b";")}


class PageUses(Reader):
    """The pages that a program used, layout.page_use, in batches.

    references: number of memory references before the reduction. kept: the references left out
    make no difference to a memory of this many pages or more. form: of the lines, use_lines.LACKEY
    or PLAIN.
    """

    def __init__(
        self, path: str | Path, *, block: int = BLOCK, kept: int = KEPT, form: int = LACKEY
    ) -> None:
        super().__init__(path, block=block)
        self.form = form
        self.recent = np.zeros((kept, USED_COLUMNS), np.int64)
        self.recent[:] = -1 - np.arange(kept)[:, None]  # pages without a use, the oldest last
        self.held = np.zeros((held_rows(kept), HELD_COLUMNS), np.int64)
        self.marks = np.array([0, -1 - kept], np.int64)  # as NR_HELD, GONE

    @property
    def references(self) -> int:
        """Memory references read so far."""
        return int(self.counts[OTHERS])

    def scan(self, text: np.ndarray, odd: np.ndarray) -> np.ndarray:
        parts, start = [], 0
        while start < len(text):
            uses = np.empty(len(text) // SHORTEST + 4 * len(self.held), layout.page_use)
            state = self.recent, self.held, self.marks
            found, start = scan_memory_uses(text, start, self.form, uses, *state, odd, self.counts)
            parts.append(uses[:found])
        return np.concatenate(parts) if parts else np.empty(0, layout.page_use)

    def rest(self) -> np.ndarray:
        uses = np.empty(len(self.held), layout.page_use)
        return uses[: end_uses(self.recent, self.held, self.marks, uses, 0)]

    def odd_line(self, number: int, line: bytes) -> None:
        if not line.startswith(COMMENTS[self.form]):
            self.malformed.note(number, line)
