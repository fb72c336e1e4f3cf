"""A page's bytes wherever they are, read without moving or counting anything."""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.machine import checks, operations
from zbudlab.machine.core import Core


def peek(machine: Core, process: Any, page: Any) -> bytes:
    """Return a page's bytes; see `Machine.peek`."""
    checks.page_bytes(machine)
    place = checks.place(machine, process, page)
    kind, value = (machine.state.ptes[name].item(place) for name in ("state", "value"))
    if kind == layout.PTE_NONE:
        return bytes(layout.PAGE_SIZE)
    if kind == layout.PTE_PRESENT:
        return machine.state.frames[value].tobytes()
    return machine.swap.peek(value)


def peek_pages(machine: Core, process: int, pages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of pages that the process has; see `Machine.peek_pages`."""
    at = operations.places(machine, process, pages)
    kinds, values = machine.state.ptes["state"][at], machine.state.ptes["value"][at]
    present, swapped = kinds == layout.PTE_PRESENT, kinds == layout.PTE_SWAP
    out: np.ndarray = machine.state.frames[np.where(present, values, 0)]
    out[kinds == layout.PTE_NONE] = 0
    found = np.empty((np.count_nonzero(swapped), layout.PAGE_SIZE), np.uint8)
    intact = np.ones(len(at), bool)
    intact[swapped] = machine.swap.peek_batch(values[swapped], found) == 0
    out[swapped] = found
    return out, intact
