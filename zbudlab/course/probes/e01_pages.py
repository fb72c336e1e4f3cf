"""Probes for functions on a struct page, and for copying a page, with accesses counted."""

from operator import index
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.course.probes import Bench
from zbudlab.layout import PAGE_SIZE


def on_page(bench: Bench, case: dict[str, Any]) -> Any:
    """Return what a function returns, and the page after it. case: function, flags, count, ..."""
    page = np.zeros(1, layout.page).view(np.recarray)[0]
    page.page_flags, page.refcount = case["flags"], case["count"]
    answer = bench.functions[case["function"]](page, *case["arguments"])
    flags = f"{int(page.page_flags):016b}"
    return {"answer": answer, "page_flags": flags, "refcount": int(page.refcount)}


REFUSED = (IndexError, TypeError, ValueError)  #: what an access may raise


def place_of(place: Any) -> Any:
    """Return a Python index from a number or [start, stop, step]."""
    return slice(*place) if isinstance(place, list) else place


def _ends(place: slice) -> list[int | None]:
    ends = (place.start, place.stop, place.step)
    return [None if end is None else index(end) for end in ends]


class Page:
    """A page in another process: each access to a byte or a slice is a request."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench = bench
        self.name = name

    def __len__(self) -> int:
        return PAGE_SIZE

    def _ask(self, place: int | slice, **more: Any) -> Any:
        plain = _ends(place) if isinstance(place, slice) else index(place)
        reply = self.bench.ask({"page": self.name, "place": plain, **more})
        for kind in REFUSED:
            if reply.get("refused") == kind.__name__:
                raise kind(reply["words"])
        return reply.get("found")

    def __getitem__(self, place: int | slice) -> Any:
        found = self._ask(place)
        return bytearray.fromhex(found) if isinstance(found, str) else found

    def __setitem__(self, place: int | slice, value: Any) -> None:
        single = not isinstance(place, slice)
        self._ask(place, value=index(value) if single else bytes(value).hex())


def copy(bench: Bench, case: dict[str, Any]) -> Any:
    """Have a page copied to another; both are examined outside."""
    bench.functions["copy_page"](Page(bench, "new"), Page(bench, "old"))
