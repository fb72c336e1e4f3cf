"""Traces as text: reading them with their line numbers, and saying what is wrong with one."""

import contextlib
import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

GZIP_MAGIC = b"\x1f\x8b"


class TraceError(ValueError):
    """A trace that cannot be run; the message names the file and the line."""


class Operation:
    """One line of a trace: its words, and where it stands."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where
        self.name, *self.words = text.split()

    def fail(self, reason: str) -> TraceError:
        """The error to raise for this line."""
        return TraceError(f"{self.where}: {reason}: {self.text!r}")

    def numbers(self, count: int, *, at_most: int | None = None) -> list[int]:
        """The words after the name, as `count` whole numbers (or up to `at_most`)."""
        if not count <= len(self.words) <= (at_most or count):
            raise self.fail(f"{self.name} takes {count} numbers, here are {len(self.words)}")
        try:
            return [int(word) for word in self.words]
        except ValueError:
            raise self.fail("a whole number is wanted") from None


def _lines(file: BufferedReader) -> Iterator[bytes]:
    """The lines of a file, unpacked if it begins as gzip does; a pipe will do."""
    if file.peek(2)[:2] != GZIP_MAGIC:
        yield from file
        return
    with gzip.open(file) as unpacked:
        yield from unpacked


def _open(path: str) -> contextlib.AbstractContextManager[BufferedReader]:
    if path == "-":
        return contextlib.nullcontext(sys.stdin.buffer)  # type: ignore[arg-type]
    return open(path, "rb")  # the caller closes it


def lines(path: str | Path) -> Iterator[tuple[str, str]]:
    """Each line of a text file (plain, gzip, or `-` for standard input) with its place."""
    name = "standard input" if str(path) == "-" else str(path)
    number = 0
    try:
        with _open(str(path)) as file:
            for number, line in enumerate(_lines(file), 1):
                yield f"{name}, line {number}", line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise TraceError(f"{name}, line {number}: not text (a trace is UTF-8)") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TraceError(f"{name}, line {number + 1}: cut off or damaged: {error}") from None


def operations(path: str | Path) -> Iterator[Operation]:
    """The operations of a trace, in order; comments and blank lines are left out."""
    for where, text in lines(path):
        if text.strip() and not text.lstrip().startswith("#"):
            if not text.isprintable():
                raise TraceError(f"{where}: not a line of a trace (unprintable characters)")
            yield Operation(text, where)


def state_text(state: Any) -> str:
    """The exact text of a state: JSON without blanks."""
    return json.dumps(state, separators=(",", ":"), default=int)  # uncompiled, some are numpy's


def digest(state: Any) -> int:
    """CRC-32 of a state's exact text, the `sd` of an answer."""
    return zlib.crc32(state_text(state).encode())
