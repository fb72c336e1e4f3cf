"""Text files as streams, decompressed and read in blocks of whole lines.

A file is plain, gzip or zstd, as its first bytes show; `-` is standard input. Memory is bounded by
the size of a block, whatever the length of the file.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

import pyarrow as pa

from zbudlab.io.arguments import checked
from zbudlab.io.files import check_readable

UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how text begins that PowerShell writes
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}  # first bytes of compressed files
BLOCK = 4 << 20  #: bytes read at a time
LONGEST = 16 << 20  #: bytes of a line
NAMED = 10  #: malformed lines whose text is kept
SHOWN = 80  #: characters of a malformed line that are kept


class TraceError(ValueError):
    """A trace cannot be run; the message names the file and the line."""


def name_of(path: str | Path) -> str:
    """Return the name of a file for a message."""
    return "standard input" if str(path) == "-" else str(path)


def _open(path: str) -> contextlib.AbstractContextManager[BufferedReader]:
    if path == "-":
        return contextlib.nullcontext(sys.stdin.buffer)  # type: ignore[arg-type]
    return open(check_readable(path), "rb")  # the caller closes it


def packing(start: bytes) -> str | None:
    """Return how a file with these first bytes is compressed: "gzip", "zstd" or None."""
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)


def _damaged(error: Exception) -> TraceError:
    return TraceError(f"cut off or damaged: {error}")


class Unpacked:
    """The decompressed bytes of a file. `position` counts bytes of the file, for progress."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.packing = packing(raw.peek(4)[:4])
        self.stream = pa.CompressedInputStream(raw, self.packing) if self.packing else raw
        if raw.peek(2)[:2] in UTF_16:
            self.packing = "UTF-16 text"
            self.stream = pa.transcoding_input_stream(pa.PythonFile(raw), "utf-16", "utf-8")

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, b"" at the end. Raise TraceError if the file is damaged."""
        try:
            return self.stream.read(size)
        except OSError as error:
            if not self.packing:
                raise
            raise _damaged(error) from None

    def position(self) -> int:
        """Return how many bytes of the file were read; 0 for a pipe."""
        return self.raw.tell() if self.raw.seekable() else 0


@contextlib.contextmanager
def unpacked(path: str | Path) -> Iterator[Unpacked]:
    """Open a file for reading in a block, compressed or not."""
    with _open(str(path)) as raw:
        yield Unpacked(raw)


def blocks(file: Unpacked, size: int = BLOCK) -> Iterator[bytes]:
    """Yield a file in blocks of whole lines. Raise TraceError for a line longer than LONGEST."""
    rest = b""
    while data := file.read(size):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield rest + data[:cut]
            rest = data[cut:]
        else:
            rest += data
        if len(rest) > LONGEST:
            raise TraceError(f"no end of line within {LONGEST} bytes: this is not text")
    if rest:
        yield rest + b"\n"


@dataclass
class Malformed:
    """Malformed lines: how many, and the first ones by number."""

    count: int = 0
    named: list[tuple[int, str]] = field(default_factory=list)

    @checked()
    def add(self, number: int, text: bytes | str) -> None:
        """Count a line, and keep its text if it is one of the first."""
        self.note(number, text)

    def note(self, number: int, text: bytes | str) -> None:
        """Do what `add` does, for readers, which may have millions of lines."""
        self.count += 1
        if len(self.named) < NAMED:
            shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            self.named.append((number, shown.strip()[:SHOWN]))

    def lines(self) -> list[str]:
        """Return the first lines with their numbers, and how many more there are."""
        shown = [f"line {number}: {text!r}" for number, text in self.named]
        more = self.count - len(shown)
        return [*shown, *([f"and {more} more"] if more > 0 else [])]
