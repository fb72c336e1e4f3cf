"""Check the values in a workload: sizes, numbers, contents. WorkloadError for invalid ones."""

import re
from collections.abc import Mapping
from functools import lru_cache
from math import inf
from typing import Any

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.io.values import Kind, check_fields, is_whole
from zbudlab.machine.config import MAX_FRAMES

Size = int | str
ContentSpec = str | Mapping[str, float]  #: a content by name, or weights by name
FILE = "file:"
PROCESS = "process:"
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(%|KiB|MiB|GiB)")


class WorkloadError(ValueError):
    """An invalid workload. The message says where the mistake is, and what it is."""


def pages_of(size: Size, whole: int) -> int:
    """Return a size in pages.

    size: a whole number of pages, or text such as "12 %" (of `whole` pages) or "64 MiB". Any size
    but 0 is at least one page. WorkloadError for other values, and for more than MAX_FRAMES pages.
    """
    if isinstance(size, int) and is_whole(size) and size >= 0:
        return _limited(size, size)
    if isinstance(size, str):
        return _pages_of_text(str(size), whole)
    raise _no_size(size)


def _no_size(size: Any) -> WorkloadError:
    return WorkloadError(f'a size is a whole number of pages, "12 %" or "64 MiB", not {size!r}')


@lru_cache(maxsize=256)
def _pages_of_text(size: str, whole: int) -> int:
    """Return a size in pages, given as text."""
    found = _SIZE.fullmatch(size)
    if not found:
        raise _no_size(size)
    number = float(found[1])
    if found[2] == "%":
        pages = number * whole / 100
    else:
        pages = number * _UNITS[found[2]] / layout.PAGE_SIZE
    return max(_limited(pages, size), 1) if number else 0


def _limited(pages: float, size: Size) -> int:
    if pages > MAX_FRAMES:
        raise WorkloadError(f"a size is at most {MAX_FRAMES} pages, not {size!r}")
    return round(pages)


def weights_of(content: ContentSpec) -> dict[str, float]:
    """Return the kinds of a content, each with its weight; WorkloadError if it is invalid."""
    if isinstance(content, str):
        content = {content: 1.0}
    if not isinstance(content, Mapping) or not content:
        raise WorkloadError(f"a content is a name or a table of weights by name, not {content!r}")
    for kind, weight in content.items():
        if not isinstance(kind, str) or not (
            kind in corpus.RECIPES or kind.startswith((FILE, PROCESS))
        ):
            known = ", ".join(corpus.RECIPES)
            raise WorkloadError(
                f"unknown content {kind!r}: use {known}, {FILE}PATH or {PROCESS}PID"
            )
        if not _is_number(weight) or not 0 < weight < inf:
            raise WorkloadError(
                f"content {kind}: its weight must be a number above 0, not {weight!r}"
            )
    return dict(content)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or is_whole(value)


def check_record(owner: str, record: Any, kinds: Mapping[str, Kind]) -> None:
    """Check fields of a frozen dataclass; WorkloadError that names `owner` for an invalid one.

    kinds: the valid values of each field, by its name.
    """
    check_fields(record, kinds, lambda fault: WorkloadError(f"{owner}: {fault}"))


def check_choice(owner: str, name: str, value: Any, known: tuple[str, ...]) -> None:
    """Raise WorkloadError for a value that is not one of the known names."""
    if value not in known:
        raise WorkloadError(f"{owner}: {name} must be one of {', '.join(known)}, not {value!r}")


def check_table(owner: str, value: Any) -> dict[str, Any]:
    """Return a table as a dictionary; WorkloadError for any other value."""
    if not isinstance(value, Mapping):
        raise WorkloadError(f"{owner} must be a table, not {value!r}")
    return dict(value)
