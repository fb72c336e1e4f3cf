"""Probes for functions on a struct page, and for the copy of a page, whose steps are counted."""

from random import Random
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.course.probes import Bench
from zbudlab.layout import PAGE_SIZE

LINE = 64  #: bytes that a processor moves at once


def on_page(bench: Bench, case: dict[str, Any]) -> Any:
    """What a function answers, and the page after it. case: function, flags, count, arguments."""
    page = np.zeros(1, layout.page).view(np.recarray)[0]
    page.page_flags, page.refcount = case["flags"], case["count"]
    answer = bench.functions[case["function"]](page, *case["arguments"])
    flags = f"{int(page.page_flags):016b}"
    return {"answer": answer, "page_flags": flags, "refcount": int(page.refcount)}


class Counted:
    """A page whose reads and writes are counted, single bytes or slices."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content)
        self.pieces: list[int] = []  # bytes of each access

    def __len__(self) -> int:
        return len(self.content)

    def __getitem__(self, place: int | slice) -> Any:
        found = self.content[place]
        self.pieces.append(len(found) if isinstance(found, bytearray) else 1)
        return found

    def __setitem__(self, place: int | slice, value: Any) -> None:
        size = len(self.content)
        self.content[place] = value
        if len(self.content) != size:
            raise ValueError(f"the page has {len(self.content)} bytes now: slices must be as long")
        self.pieces.append(len(value) if isinstance(place, slice) else 1)


def copy(bench: Bench, case: dict[str, Any]) -> Any:
    """What a copy did to two pages. case: seed, and counts: whether the accesses are told, too."""
    content = Random(case["seed"]).randbytes(PAGE_SIZE)
    new, old = Counted(bytes(PAGE_SIZE)), Counted(content)
    bench.functions["copy_page"](new, old)
    right = sum(a == b for a, b in zip(new.content, content, strict=True))
    seen: dict[str, Any] = {
        "bytes that are right": right,
        "old is as it was": old.content == content,
    }
    if case["counts"]:
        pieces = new.pieces + old.pieces
        seen["bytes moved"] = sum(pieces)
        seen["pieces longer than a line"] = sum(size > LINE for size in pieces)
        seen["accesses"] = len(pieces)
    return seen
