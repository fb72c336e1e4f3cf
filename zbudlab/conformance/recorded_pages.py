"""The compressed length of each page in a recording: shown by it, known from others, or solved."""

from typing import Any

from zbudlab.conformance.recording import Recording, lengths_shown
from zbudlab.content import recorded
from zbudlab.layout import PAGE_SIZE, ZS_HANDLE_SIZE


class PageLengths:
    """The compressed lengths of pages, by content.

    What the recording shows comes first, then the table of all recordings. What neither has is
    solved from how much the pool grew.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.compressor = recording.settings.get("compressor", "lzo")
        self.shown = lengths_shown(recording)
        kernel = recording.kernel
        self.corpus = recorded.recognised(self.shown, self.compressor, kernel)
        table = None
        if self.corpus and recording.settings.get("same_filled_pages_enabled") != "N":
            table = recorded.recorded_lengths(self.corpus, self.compressor, kernel)
        self.table = {} if table is None else dict(enumerate(table.tolist()))
        self.guessed: dict[int, int] = {}
        self.used: set[int] = set()

    def notes(self) -> list[str]:
        """Say where the lengths come from."""
        if self.corpus:
            return [f"content: {self.corpus}, as compressed by {self.compressor}"]
        return [
            f"content: not recognised; lengths as far as the recording shows ({self.compressor})"
        ]

    def of(self, content: int, at: int, run: Any) -> int:
        """Return the length of a page that is stored in row `at`.

        run: the machine before that row, used if the length must be solved.
        """
        self.used.add(content)
        known = self.shown.get(content, recorded.UNKNOWN)
        if known == recorded.UNKNOWN or known == recorded.TOO_LONG:
            known = self.table.get(content, known)
        if known == recorded.UNKNOWN:
            known = self.guessed.get(content, recorded.UNKNOWN)
        if known == recorded.UNKNOWN:
            known = self.guessed[content] = self.solve(at, run)
        return known

    def solve(self, at: int, run: Any) -> int:
        """Return a length with which the pool grows as it did in row `at`."""
        before = self.recording.rows[at - 1] if at else self.recording.rows[0] * 0
        column = self.recording.columns.index
        row = self.recording.rows[at]
        if row[column("stored")] == before[column("stored")]:
            return recorded.NO_BYTES
        if "incompressible" in self.recording.columns:
            which = column("incompressible")
            if row[which] > before[which]:
                return PAGE_SIZE
        grown = int(row[column("pool_pages")] - before[column("pool_pages")])
        sizes = run.sizes_that_grow(grown)
        return max(sizes[len(sizes) // 2] - ZS_HANDLE_SIZE, 1) if sizes else PAGE_SIZE // 2

    def solved(self) -> list[str]:
        """Say which of the lengths in use were solved rather than read."""
        key = (self.corpus or "", self.compressor, self.recording.kernel)
        spans = recorded.SOLVED.get(key, {}) if self.table else {}
        lines = [
            f"solved from the pool's size: page {page}, {low} to {high} bytes all fit"
            for page, (low, high) in spans.items()
            if page in self.used - self.shown.keys()
        ]
        return lines + [
            f"solved from the pool's growth: page {page}, taken as {length} bytes"
            for page, length in self.guessed.items()
        ]
