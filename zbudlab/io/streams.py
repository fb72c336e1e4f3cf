"""Files of text as streams: unpacked on the way, in blocks of whole lines, of any length.

Plain, gzip or zstd, known by how a file begins; `-` is standard input. Memory stays bounded: a
block at a time, whatever the length of the file.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

import pyarrow as pa

MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}  # how packed files begin
BLOCK = 4 << 20  #: bytes read at a time
LONGEST = 16 << 20  #: bytes that a line may have
NAMED = 10  #: malformed lines whose text is kept
SHOWN = 80  #: characters of a malformed line that are kept


class TraceError(ValueError):
    """A trace that cannot be run; the message names the file and the line."""


def name_of(path: str | Path) -> str:
    """What to call a file in a message."""
    return "standard input" if str(path) == "-" else str(path)


def _open(path: str) -> contextlib.AbstractContextManager[BufferedReader]:
    if path == "-":
        return contextlib.nullcontext(sys.stdin.buffer)  # type: ignore[arg-type]
    return open(path, "rb")  # the caller closes it


def packing(start: bytes) -> str | None:
    """How a file that begins like that is packed: gzip, zstd, or None = not at all."""
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)


def _damaged(error: Exception) -> TraceError:
    return TraceError(f"cut off or damaged: {error}")


class Unpacked:
    """A file's bytes, unpacked; `position` counts bytes of the file itself, for progress."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.packing = packing(raw.peek(4)[:4])
        self.stream = pa.CompressedInputStream(raw, self.packing) if self.packing else raw

    def read(self, size: int) -> bytes:
        """Up to that many bytes, b"" at the end; TraceError if the file is damaged."""
        try:
            return self.stream.read(size)
        except OSError as error:
            if not self.packing:
                raise
            raise _damaged(error) from None

    def position(self) -> int:
        """Bytes of the file read so far; 0 for a pipe."""
        return self.raw.tell() if self.raw.seekable() else 0


@contextlib.contextmanager
def unpacked(path: str | Path) -> Iterator[Unpacked]:
    """A file open for reading, whatever packs it."""
    with _open(str(path)) as raw:
        yield Unpacked(raw)


def blocks(file: Unpacked, size: int = BLOCK) -> Iterator[bytes]:
    """The file in blocks that end with a line; TraceError for a line longer than LONGEST."""
    rest = b""
    while data := file.read(size):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield rest + data[:cut]
            rest = data[cut:]
        else:
            rest += data
        if len(rest) > LONGEST:
            raise TraceError(f"no end of line within {LONGEST} bytes: this is no text")
    if rest:
        yield rest + b"\n"


@dataclass
class Malformed:
    """Lines that a reader could make nothing of: how many, and the first ones by number."""

    count: int = 0
    named: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, text: bytes | str) -> None:
        """Count a line, and keep its text if it is among the first."""
        self.count += 1
        if len(self.named) < NAMED:
            shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            self.named.append((number, shown.strip()[:SHOWN]))

    def lines(self) -> list[str]:
        """Each named line with its number, and how many more there are."""
        shown = [f"line {number}: {text!r}" for number, text in self.named]
        more = self.count - len(shown)
        return [*shown, *([f"and {more} more"] if more > 0 else [])]
