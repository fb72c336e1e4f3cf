"""Values that make no sense as arguments, as source text, so that a call can be pasted."""

import datetime  # noqa: F401  # the texts below use these names
import fractions  # noqa: F401
from pathlib import Path  # noqa: F401

import numpy as np
import pandas as pd


class OddIndex:
    """Looks like a whole number to whatever asks for an index, and takes two lines to show."""

    def __index__(self):
        raise RuntimeError("asked for an index")

    def __repr__(self):
        return "an odd\nindex"


class Reaching:
    """Has an index, and is no number."""

    def __index__(self):
        return 3


class NoRepr:
    """Cannot be shown."""

    def __repr__(self):
        raise RuntimeError("no repr")


class OddInt(int):
    """An int that compares as no int does."""

    def __lt__(self, other):
        return True

    def __le__(self, other):
        return True

    __hash__ = int.__hash__


class OddStr(str):
    """A text that equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Endless:
    """A sequence without an end."""

    def __len__(self):
        return 1 << 62

    def __getitem__(self, place):
        return 1


class Angry:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(f"asked for {name}")


NUMBERS = (
    *("0", "1", "-1", "2", "7", "63", "64", "1000", "4095", "4096", "4097", "65535", "2**16"),
    *("2**31 - 1", "2**31", "2**32", "2**53 + 1", "2**63 - 1", "2**63", "-2**63", "-2**63 - 1"),
    *("2**64", "2**70", "-2**70", "10**5000", "True", "False", "OddInt(3)", "OddInt(2**70)"),
    *("0.5", "-0.0", "1.0", "1e308", "float('nan')", "float('inf')", "-float('inf')", "1j"),
    *("np.int8(-1)", "np.int64(3)", "np.uint64(2**64 - 1)", "np.float32(1.5)", "np.bool_(True)"),
    *("np.float64('nan')", "np.datetime64('NaT')", "fractions.Fraction(1, 2)", "np.array(3)"),
)
TEXTS = (
    *("''", "' '", "'x'", "'0'", "'1e5'", "'-1'", "'nan'", "'\\ud800'", "'\\0'", "'a\\nb'"),
    *("'\\x1b[2J'", "'9' * 5000", "'../x'", "'-'", "b''", "b'\\xff'", "bytearray(8)"),
    *("OddStr('x')", "'é'", "'%s'", "'{}'", "np.str_('x')"),
)
MANY = (
    *("[]", "()", "{}", "set()", "[None]", "[1]", "[1.5]", "[True]", "['a']", "[1, [2]]"),
    *("[2**70]", "[-1]", "['\\ud800']", "{'a': 1}", "{1: 2}", "{'frames': None}", "[[]] * 3"),
    *("range(3)", "range(0)", "range(-5, 5)", "range(2**40)", "range(2**70)", "range(5, 0, -2)"),
    *("np.zeros(0)", "np.zeros((2, 2))", "np.arange(3)", "np.array(['a'])", "np.zeros(3, bool)"),
    *("np.array([2**64 - 1], np.uint64)", "np.array([None])", "np.full((1, 4096), 7, np.uint8)"),
    *("bytes(4096)", "pd.DataFrame()", "pd.DataFrame({'a': [1]})", "iter([1, 2])"),
    *("Endless()", "np.zeros(3, [('a', 'i4')])"),
)
OTHERS = (
    *("None", "...", "object()", "int", "len", "print", "Ellipsis", "NotImplemented"),
    *("OddIndex()", "Reaching()", "NoRepr()", "Angry()", "datetime.date(2013, 8, 6)"),
    *("lambda *given, **named: None", "lambda *given, **named: 1 // 0", "np", "Path('nowhere')"),
)
PATHS = (
    "'/dev/zero'",
    "'/dev/null'",
    "'/proc/self/mem'",
    "'/proc'",
    "Path('nowhere/x')",
    "'x' * 300",
)
ALL = NUMBERS + TEXTS + MANY + OTHERS + PATHS

#: The names that these texts, and programs, use.
NAMES = {name: value for name, value in globals().items() if not name.startswith("_")}


def value_of(text):
    """Return the value of a text; None for one that only programs can evaluate."""
    try:
        return eval(text, dict(NAMES))
    except Exception:  # a mutated file, a machine: not a hostile value
        return None


def words_of(value):
    """Return pieces of text, one of which a message about a value has to have."""
    if isinstance(value, (str, bytes, bytearray)):
        return [repr(value)[:20].rstrip("'\""), str(value)[:20]]
    if isinstance(value, range):
        return [repr(value), *map(str, [value[0], value[-1]] if value else [])]
    if isinstance(value, (list, tuple, set)):
        return [repr(value)[:20], *(word for each in value for word in words_of(each))]
    if isinstance(value, dict):
        return [repr(value)[:20], *(word for pair in value.items() for word in words_of(pair))]
    if isinstance(value, np.ndarray):
        return [
            str(value.dtype),
            str(value.shape),
            *words_of(value.reshape(-1)[:2].tolist()),
            "array",
        ]
    if isinstance(value, np.generic):
        return [repr(value), *words_of(value.item())]
    if isinstance(value, pd.DataFrame):
        return ["DataFrame", "table", " ".join(repr(value).split())[:20]]
    if isinstance(value, (int, float)):
        return [f"{value:g}"] if isinstance(value, float) else _of_integer(value)
    try:
        shown = " ".join(repr(value).split())
        return [type(value).__name__, shown[:20], str(value)[:20]]
    except Exception:
        return [type(value).__name__, "object"]


def _of_integer(value):
    """Return how messages show an integer."""
    if value.bit_length() > 10_000:
        return [f"{value.bit_length()} bits"]
    value = value if isinstance(value, bool) else int.__int__(value)
    shown = repr(value)
    return [shown, shown[:40], str(value - 1), str(value + 1)]
