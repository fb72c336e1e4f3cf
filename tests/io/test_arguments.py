"""Public functions refuse arguments of a wrong kind, by their annotations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from zbudlab.io.arguments import check_types, checked
from zbudlab.io.values import Choice, Whole
from zbudlab.machine import Machine


@checked()
def takes(
    number: int = 0,
    share: float = 0.5,
    switch: bool = False,
    text: str = "",
    path: str | Path = "x",
    maybe: int | None = None,
    bounded: Annotated[int, Whole(0, 9)] = 0,
    choice: Annotated[str, Choice(("a", "b")), "about"] = "a",
    machine: Machine | None = None,
    table: Mapping[str, int] = {},
    rows: tuple[Path, ...] = (),
    call: Callable[[], Any] = dict,
    anything: Any = None,
):
    """Return what came."""
    return locals()


WRONG = [
    ("number", None, TypeError, "number must be a whole number, not None"),
    ("number", True, TypeError, "number must be a whole number, not True"),
    ("number", 1.0, TypeError, "number must be a whole number, not 1.0"),
    ("number", 2**63, ValueError, "number must be of 64 bits, not 9223372036854775808"),
    ("share", "x", TypeError, "share must be a number, not 'x'"),
    ("share", float("nan"), ValueError, "share must be -inf to inf, not nan"),
    ("switch", 1, TypeError, "switch must be True or False, not 1"),
    ("text", b"x", TypeError, "text must be a text, not b'x'"),
    ("path", 7, TypeError, "path must be a path, not 7"),
    ("path", "a\0b", ValueError, r"path must be a path without control characters, not 'a\\x00b'"),
    ("path", "", ValueError, "path must be a path without control characters, not ''"),
    ("path", "\ud800", ValueError, "no file has such a name"),
    ("maybe", "x", TypeError, "maybe must be a whole number or None, not 'x'"),
    ("bounded", 10, ValueError, "bounded must be 0 to 9, not 10"),
    ("choice", "c", ValueError, "choice must be one of a, b, not 'c'"),
    ("choice", 5, TypeError, "choice must be a text, not 5"),
    ("machine", 5, TypeError, "machine must be a Machine or None, not 5"),
    ("table", [1], TypeError, r"table must be a table, not \[1\]"),
    ("rows", ("x",), TypeError, r"rows must be a list, not \('x',\)"),
    ("call", 5, TypeError, "call must be a function, not 5"),
]


@pytest.mark.parametrize(("name", "value", "error", "sentence"), WRONG)
def test_a_wrong_argument_is_named(name, value, error, sentence):
    with pytest.raises(error, match=sentence):
        takes(**{name: value})


def test_a_right_argument_comes_through_as_plain_python():
    found = takes(number=np.int8(3), share=2, switch=np.bool_(True), path=Path("y"), anything=...)
    assert type(found["number"]) is int
    assert found["switch"] is True
    assert (found["share"], found["path"], found["anything"]) == (2, Path("y"), ...)


def test_a_record_has_fields_of_its_annotations():
    @dataclass
    class Record:
        size: int
        name: str = "x"

    check_types(Record(3))
    with pytest.raises(TypeError, match="name must be a text, not 5"):
        check_types(Record(3, 5))
    check_types(Record(3, 5), "name")
