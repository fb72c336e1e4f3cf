"""The common part of text readers: blocks of lines in, records out, malformed lines listed."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zbudlab.io.streams import BLOCK, Malformed, TraceError, blocks, name_of, unpacked
from zbudlab.traces.scan import LINES, NR_COUNTS, ODD, ODD_COLUMNS

ODD_ROOM = 1 << 16  #: lines of a block that are looked at one by one


class Batch(NamedTuple):
    """Records of one block of the file, and how many bytes of the file are read."""

    records: np.ndarray
    position: int


class Reader:
    """The records of a trace, read in batches by iterating once; counts are final at the end.

    malformed: lines that could not be read.
    """

    def __init__(self, path: str | Path, *, block: int = BLOCK) -> None:
        self.path = path
        self.block = block
        self.malformed = Malformed()
        self.counts = np.zeros(NR_COUNTS, np.int64)

    def scan(self, text: np.ndarray, odd: np.ndarray) -> np.ndarray:
        """Return the records of a block of lines."""
        raise NotImplementedError

    def rest(self) -> np.ndarray:
        """Return the records that are left at the end of the file."""
        return np.empty(0)

    def odd_line(self, number: int, line: bytes) -> None:
        """Skip a line that is known to hold no record, or count it as malformed."""
        self.malformed.note(number, line)

    def of_interest(self, source: Iterable[bytes]) -> Iterable[bytes]:
        """Yield the parts of the file that hold lines of the trace."""
        return source

    @property
    def lines(self) -> int:
        """Lines read so far."""
        return int(self.counts[LINES])

    def __iter__(self) -> Iterator[Batch]:
        odd = np.empty((ODD_ROOM, ODD_COLUMNS), np.int64)
        try:
            with unpacked(self.path) as file:
                for block in self.of_interest(blocks(file, self.block)):
                    yield Batch(self._scanned(block, odd), file.position())
                if len(rest := self.rest()):
                    yield Batch(rest, file.position())
        except TraceError as error:
            raise TraceError(f"{name_of(self.path)}, line {self.lines + 1}: {error}") from None

    def _scanned(self, block: bytes, odd: np.ndarray) -> np.ndarray:
        self.counts[ODD] = 0
        records = self.scan(np.frombuffer(block, np.uint8), odd)
        for start, end, before in odd[: self.counts[ODD]].tolist():
            if block[start:end].strip():
                self.odd_line(before + 1, block[start:end])
        self.malformed.count += max(int(self.counts[ODD]) - ODD_ROOM, 0)
        return records
