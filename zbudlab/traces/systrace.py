"""Traces inside the HTML pages that systrace writes."""

from collections.abc import Iterable, Iterator
from itertools import chain

BEGINS = (b"<!doctype html", b"<html")
DATA = b'class="trace-data"'
END = b"</script>"


def is_page(begin: bytes) -> bool:
    """Return whether a file that begins like this is an HTML page."""
    return begin.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower().startswith(BEGINS)


class TraceData:
    """The lines of the trace in an HTML page; `lines` counts those passed over."""

    def __init__(self) -> None:
        self.lines = 0
        self.inside = False

    def of(self, source: Iterable[bytes]) -> Iterator[bytes]:
        """Yield blocks of the trace; the whole file if it is not an HTML page."""
        blocks = iter(source)
        first = next(blocks, b"")
        if not is_page(first):
            yield from chain([first], blocks)
            return
        for block in chain([first], blocks):
            if kept := b"".join(self._kept(block)):
                yield kept

    def _kept(self, block: bytes) -> Iterator[bytes]:
        """Return the parts of a block that are inside elements with trace data."""
        at = 0
        while at < len(block):
            mark = block.find(END if self.inside else DATA, at)
            end = block.rfind(b"\n", at, mark) + 1 if self.inside else block.find(b"\n", mark) + 1
            end = len(block) if mark < 0 or end <= 0 else end
            piece = block[at:end]
            if self.inside:
                yield piece
            else:
                self.lines += piece.count(b"\n")
            if mark < 0:
                return
            if self.inside:  # the line that ends the element
                end = block.find(b"\n", mark) + 1 or len(block)
                self.lines += 1
            self.inside = not self.inside
            at = end
