"""What may stand in a workload: sizes, numbers, contents; WorkloadError for what may not."""

import re
from collections.abc import Mapping
from math import inf
from typing import Any

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.io.values import fault_of, is_whole

Size = int | str
Content = str | Mapping[str, float]
FILE = "file:"
PROCESS = "process:"
MANY = 1_000_000
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(%|KiB|MiB|GiB)")


class WorkloadError(ValueError):
    """A workload that cannot be meant; the message says where and why."""


def pages_of(size: Size, whole: int) -> int:
    """A size in pages, at least 1 unless it is 0; "12 %" is of `whole` pages."""
    if isinstance(size, int) and is_whole(size) and size >= 0:
        return size
    found = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if not found:
        raise WorkloadError(f'a size is a whole number of pages, "12 %" or "64 MiB", not {size!r}')
    number = float(found[1])
    if found[2] == "%":
        pages = number * whole / 100
    else:
        pages = number * _UNITS[found[2]] / layout.PAGE_SIZE
    return max(round(pages), 1) if number else 0


def weights_of(content: Content) -> dict[str, float]:
    """The kinds of a content, each with its weight; WorkloadError for what is no content."""
    if isinstance(content, str):
        content = {content: 1.0}
    if not isinstance(content, Mapping) or not content:
        raise WorkloadError(f"a content is a name or a table of weights by name, not {content!r}")
    for kind, weight in content.items():
        if not isinstance(kind, str) or not (
            kind in corpus.RECIPES or kind.startswith((FILE, PROCESS))
        ):
            known = ", ".join(corpus.RECIPES)
            raise WorkloadError(f"no content {kind!r}: there are {known}, {FILE}PATH, {PROCESS}PID")
        if not _is_number(weight) or not 0 < weight < inf:
            raise WorkloadError(
                f"content {kind}: its weight must be a number above 0, not {weight!r}"
            )
    return dict(content)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or is_whole(value)


def check_number(owner: str, **limits: tuple[Any, float, float]) -> None:
    """Raise WorkloadError for a number outside its limits; (value, low, high) by name."""
    for name, (value, low, high) in limits.items():
        if not _is_number(value) or not low <= value <= high:
            raise WorkloadError(f"{owner}: {name} must be {low:g} to {high:g}, not {value!r}")


def check_whole(owner: str, **limits: tuple[Any, int, int]) -> None:
    """Raise WorkloadError for what is no whole number within its limits, as `check_number`."""
    for name, bounds in limits.items():
        if fault := fault_of(name, *bounds):
            raise WorkloadError(f"{owner}: {fault}")


def check_truth(owner: str, name: str, value: Any) -> None:
    """Raise WorkloadError for what is neither true nor false."""
    if not isinstance(value, bool):
        raise WorkloadError(f"{owner}: {name} must be true or false, not {value!r}")


def check_choice(owner: str, name: str, value: Any, known: tuple[str, ...]) -> None:
    """Raise WorkloadError for what is none of the known names."""
    if value not in known:
        raise WorkloadError(f"{owner}: {name} must be one of {', '.join(known)}, not {value!r}")


def check_table(owner: str, value: Any) -> dict[str, Any]:
    """The table as a dictionary; WorkloadError for what is none."""
    if not isinstance(value, Mapping):
        raise WorkloadError(f"{owner}: a table is needed, not {value!r}")
    return dict(value)
