"""Traces inside the HTML pages that systrace writes."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

BEGINS = re.compile(rb"[\xef\xbb\xbf \t\r\n]*<(!doctype )?html", re.IGNORECASE)
#: What begins and ends the trace: an element since 2014, before that a string of JavaScript.
FORMS = {b'class="trace-data"': b"</script>", b"linuxPerfData = ": b'";'}
LINE_OF_STRING = b"\\n\\\n"  #: how a line ends in that string


def is_page(begin: bytes) -> bool:
    """Return whether a file that begins like this is an HTML page."""
    return BEGINS.match(begin) is not None


class TraceData:
    """The lines of the trace in an HTML page; `lines` counts those passed over."""

    def __init__(self) -> None:
        self.lines = 0
        self.end = b""  # of the element that the text is in, b"" outside

    def of(self, source: Iterable[bytes]) -> Iterator[bytes]:
        """Yield blocks of the trace; the whole file if it is not an HTML page."""
        blocks = iter(source)
        first = next(blocks, b"")
        if not is_page(first):
            yield from chain([first], blocks)
            return
        for block in chain([first], blocks):
            if kept := b"".join(self._kept(block.replace(LINE_OF_STRING, b"\n"))):
                yield kept

    def _kept(self, block: bytes) -> Iterator[bytes]:
        """Return the parts of a block that are inside elements with trace data."""
        at = 0
        while at < len(block):
            mark, end = self._next(block, at)
            inside = block.rfind(b"\n", at, mark) + 1 if self.end else block.find(b"\n", mark) + 1
            after = len(block) if mark < 0 or inside <= 0 else inside
            piece = block[at:after]
            if self.end:
                yield piece
            else:
                self.lines += piece.count(b"\n")
            if mark < 0:
                return
            if self.end:  # the line that ends the element
                after = block.find(b"\n", mark) + 1 or len(block)
                self.lines += 1
            self.end = end
            at = after

    def _next(self, block: bytes, at: int) -> tuple[int, bytes]:
        """Return where the trace ends or the next one begins, and what ends that one."""
        if self.end:
            return block.find(self.end, at), b""
        found = [(block.find(mark, at), end) for mark, end in FORMS.items()]
        return min((pair for pair in found if pair[0] >= 0), default=(-1, b""))
