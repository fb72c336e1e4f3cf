"""Read traces as text with line numbers, and report bad lines."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zbudlab.io.streams import TraceError, blocks, name_of, unpacked
from zbudlab.io.values import shown

__all__ = ["Operation", "TraceError", "digest", "lines", "operations", "state_text"]


class Operation:
    """One line of a trace: its words, and where it is."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where
        self.name, *self.words = text.split()

    def fail(self, reason: str) -> TraceError:
        """Return the error to raise for this line."""
        return TraceError(f"{self.where}: {reason}: {self.text!r}")

    def numbers(self, count: int, *, at_most: int | None = None) -> list[int]:
        """Return the words after the name as `count` whole numbers (or up to `at_most`)."""
        if not count <= len(self.words) <= (at_most or count):
            raise self.fail(f"{self.name} takes {count} numbers, not {len(self.words)}")
        try:
            return [int(word) for word in self.words]
        except ValueError:
            raise self.fail("whole numbers are needed") from None


def lines(path: str | Path) -> Iterator[tuple[str, str]]:
    """Yield each line of a text file with its place.

    path: plain, gzip or zstd, or `-` for standard input. TraceError if it is damaged or not UTF-8.
    """
    name, number = name_of(path), 0
    try:
        with unpacked(path) as file:
            for block in blocks(file):
                for number, line in enumerate(block.split(b"\n")[:-1], number + 1):  # noqa: B020
                    yield f"{name}, line {number}", line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        raise TraceError(f"{name}, line {number}: not text (a trace is UTF-8)") from None
    except TraceError as error:
        raise TraceError(f"{name}, line {number + 1}: {error}") from None


def operations(path: str | Path) -> Iterator[Operation]:
    """Yield the operations of a trace in order. Comments and blank lines are skipped."""
    for where, text in lines(path):
        if text.strip() and not text.lstrip().startswith("#"):
            if not text.isprintable():
                raise TraceError(f"{where}: not a line of a trace (unprintable characters)")
            yield Operation(text, where)


def state_text(state: Any) -> str:
    """Return the exact text of a state: JSON without blanks."""
    try:
        return json.dumps(state, separators=(",", ":"), default=int)  # of NumPy scalars
    except (TypeError, RecursionError):
        raise TypeError(f"state must be plain values, not {shown(state)}") from None


def digest(state: Any) -> int:
    """Return the CRC-32 of a state's exact text, the `sd` of an answer."""
    return zlib.crc32(state_text(state).encode())
