"""Records of a machine as rows of text: fields with their values, and targets of list links."""

from typing import Any

import numpy as np

LINKS = ("next", "prev")

Rows = list[tuple[str, str]]


def counted(number: int, word: str) -> str:
    """Return a number with its noun: "1 reference", "3 references"."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def record_rows(record: Any, known: dict[str, str]) -> Rows:
    """Return a record's fields and values as text; `known` adds notes in parentheses by field."""
    rows = []
    for name in record.dtype.names:
        value = ", ".join(str(number) for number in np.atleast_1d(record[name]).tolist())
        rows.append((name, f"{value} ({known[name]})" if known.get(name) else value))
    return rows


def linked(record: int, shift: int, frames: int) -> str:
    """Return the target of a list link as text: a page frame, or the head of the list."""
    return f"pfn {record >> shift}" if record >> shift < frames else "the head of the list"
