"""The smallest failing case: leave out items of its lists for as long as it fails."""

import time
from collections.abc import Callable

from zbudlab.course.contract import Case


def shrunk(
    case: Case, fields: tuple[str, ...], fails: Callable[[Case], bool], seconds: float
) -> Case:
    """Return a failing case with as few items in the named lists as time allows.

    First everything after an item is left out, then ever smaller runs, down to single items. A
    case that no longer `fails` is not used.
    """
    end = time.monotonic() + seconds
    for name in fields:
        case = _without_tail(case, name, fails, end)
        size = max(1, len(case[name]) // 2)
        while size and time.monotonic() < end:
            case, removed = _without_runs(case, name, size, fails, end)
            size = size if removed and size == 1 else size // 2
    return case


def _without_tail(case: Case, name: str, fails: Callable[[Case], bool], end: float) -> Case:
    low, high = 0, len(case[name])  # the first `high` items fail
    while low + 1 < high and time.monotonic() < end:
        middle = (low + high) // 2
        if fails(case | {name: case[name][:middle]}):
            high = middle
        else:
            low = middle
    return case | {name: case[name][:high]}


def _without_runs(
    case: Case, name: str, size: int, fails: Callable[[Case], bool], end: float
) -> tuple[Case, bool]:
    """Try to leave out each run of `size` items. Return the case, and whether any was left out."""
    removed = False
    start = len(case[name]) - size
    while start >= 0 and time.monotonic() < end:
        items = case[name]
        smaller = case | {name: items[:start] + items[start + size :]}
        if smaller[name] and fails(smaller):
            case, removed = smaller, True
        start -= size
    return case, removed
