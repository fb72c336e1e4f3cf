"""Checks of values that come from outside, and sizes as text.

`Whole`, `Number`, `Truth` and `Choice` describe which values a setting or an argument takes. Each
has `fault(name, value)`: a sentence about a value that it does not take, or "". `taken` returns an
accepted value as plain Python, or raises the caller's error with that sentence.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
SHOWN = 60  #: characters of a value in a message
JOINERS = "\u200c\u200d"  #: invisible letters of names in Persian and in scripts of India

Refusal = Callable[[str], Exception]


def human(size: int) -> str:
    """Format a number of bytes with a unit: 4096 gives "4 KiB"."""
    value = float(size)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def printable(text: str, keep: str = "") -> str:
    """Return a text without characters that a terminal or a web page would interpret.

    keep: control characters that stay.
    """
    return "".join(c if c.isprintable() or c in JOINERS + keep else "\ufffd" for c in text)


def shown(value: Any) -> str:
    """Return a value's repr on one line, at most SHOWN characters, for a message."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a repr can fail in any way
        text = f"an object of type {type(value).__name__}"
        if isinstance(value, int):  # one of over 4300 digits
            text = f"an integer of {value.bit_length()} bits"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def is_whole(value: Any) -> bool:
    """Return whether a value is an integer of Python or NumPy; booleans are rejected."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def fault_of(name: str, value: Any, low: float = -inf, high: float = inf) -> str:
    """Say what is wrong with a value that must be an integer from `low` to `high`; "" if nothing.

    name: how the message refers to the value.
    """
    if not is_whole(value):
        return f"{name} must be a whole number, not {shown(value)}"
    if low <= plain(value) <= high:
        return ""
    bounds = f"{low} to {high}" if (low, high) != (INT64_MIN, INT64_MAX) else "of 64 bits"
    return f"{name} must be {bounds}, not {shown(plain(value))}"


def plain(value: Any) -> Any:
    """Return a NumPy scalar, or an instance of a subclass of int, as Python's own type."""
    if isinstance(value, np.generic):
        return value.item()
    return int.__int__(value) if isinstance(value, int) and type(value) is not bool else value


class Kind(Protocol):
    """Which values a setting or an argument takes."""

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""


@dataclass(frozen=True)
class Whole:
    """An integer from `low` to `high`; with `optional`, also None."""

    low: int = INT64_MIN
    high: int = INT64_MAX
    optional: bool = False

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""
        if value is None and self.optional:
            return ""
        return fault_of(name, value, self.low, self.high)


@dataclass(frozen=True)
class Number:
    """An integer or a float from `low` to `high`, not NaN."""

    low: float = -inf
    high: float = inf

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""
        if not isinstance(value, (float, np.floating)) and not is_whole(value):
            return f"{name} must be a number, not {shown(value)}"
        if self.low <= plain(value) <= self.high:
            return ""
        return f"{name} must be {self.low:g} to {self.high:g}, not {shown(plain(value))}"


@dataclass(frozen=True)
class Truth:
    """True or False; with `optional`, also None."""

    optional: bool = False

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""
        if isinstance(value, (bool, np.bool_)) or (value is None and self.optional):
            return ""
        return f"{name} must be True or False, not {shown(value)}"


@dataclass(frozen=True)
class Choice:
    """One of a few names; with `optional`, also None."""

    known: Collection[str]
    optional: bool = False

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""
        if value is None and self.optional:
            return ""
        if isinstance(value, str) and value in self.known:
            return ""
        return f"{name} must be one of {', '.join(self.known)}, not {shown(value)}"


def taken(kind: Kind, name: str, value: Any, refusal: Refusal) -> Any:
    """Return a value that `kind` takes as plain Python; else raise refusal(sentence)."""
    if fault := kind.fault(name, value):
        raise refusal(fault)
    return plain(value)


def check_fields(record: Any, kinds: Mapping[str, Kind], refusal: Refusal) -> None:
    """Check the fields of a frozen dataclass, and make NumPy's scalars in them plain Python.

    kinds: what each field takes, by its name.
    """
    for name, kind in kinds.items():
        value = taken(kind, name, getattr(record, name), refusal)
        object.__setattr__(record, name, value)


def whole_numbers(
    name: str, values: Any, refusal: Refusal, low: int = INT64_MIN, high: int = INT64_MAX
) -> NDArray[np.int64]:
    """Return a range, list or array of integers from `low` to `high` as int64 (n,).

    Everything else raises refusal(sentence). A range is checked before it is expanded.
    """
    if isinstance(values, range) and values:
        outside = [end for end in (values[0], values[-1]) if not low <= end <= high]
        if outside:
            raise refusal(f"{name} must be {low} to {high}, not {outside[0]}")
    unbounded = (low, high) == (INT64_MIN, INT64_MAX)
    if unbounded and type(values) is np.ndarray and values.ndim == 1 and values.dtype == np.int64:
        return values
    try:
        array = np.asarray(values)
    except Exception:  # ragged lists, and objects whose own conversion fails in any way
        array = np.zeros((), object)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise refusal(f"{name} must be a range or list of whole numbers, not {shown(values)}")
    narrower = not unbounded or array.dtype == np.uint64
    if array.size and narrower:
        for extreme in (int(array.min()), int(array.max())):
            if not low <= extreme <= high:
                raise refusal(f"{name} must be {low} to {high}, not {extreme}")
    return array.astype(np.int64, copy=False)
