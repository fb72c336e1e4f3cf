"""The description of a module: what a host without Python needs to use it."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from zbudlab import layout
from zbudlab.mm.mem import Memory
from zbudlab.wasm.entries import Entry, Group, Parameter, Rows

#: Where a host puts things in linear memory: constants of the module below the stack, then its own.
STACK_TOP = 1 << 17
WORD = 8  #: bytes; every address and length that a host hands over is one word


def kind_of(parameter: Parameter) -> Any:
    """Return a parameter as a host reads it.

    "record" is an address, "int" a number, {"dtype", "ndim"} the address of an array's descriptor
    (its address, then its shape, one word each). "mem", "work" and "log" are addresses of tables,
    the descriptors of their arrays in order. A list stands for several parameters.
    """
    if isinstance(parameter, str):
        return parameter
    if isinstance(parameter, Rows):
        return {"dtype": _name(parameter.dtype), "ndim": parameter.ndim}
    if isinstance(parameter, Group):
        return [kind_of(field) for field in parameter.fields]
    return "record" if parameter.names else "int"


def _name(dtype: np.dtype) -> str:
    """Return the name of a record type in `zbudlab.layout`, or NumPy's name for a number."""
    if not dtype.names:
        return str(dtype)
    return next(name for name, value in vars(layout).items() if value is dtype or value == dtype)


def _fields(dtype: np.dtype) -> dict[str, list[Any]]:
    """Return the fields of a record: for each its type, offset and length, 0 = a single number."""
    found = {}
    for name, (kind, offset, *_) in (dtype.fields or {}).items():
        found[name] = [str(kind.base), offset, int(np.prod(kind.shape)) if kind.shape else 0]
    return found


def _dtypes() -> dict[str, Any]:
    """Return all record types by name."""
    return {
        name: {"itemsize": value.itemsize, "fields": _fields(value)}
        for name, value in vars(layout).items()
        if isinstance(value, np.dtype) and value.names
    }


def _constants() -> dict[str, int]:
    """Return the whole numbers of `zbudlab.layout`."""
    numbers = {name: value for name, value in vars(layout).items() if name.isupper()}
    return {name: value for name, value in numbers.items() if isinstance(value, int)}


class Returns(Protocol):
    """The results of an entry: how many numbers, and whether the only one is unsigned."""

    @property
    def results(self) -> int: ...

    @property
    def unsigned(self) -> bool: ...


def description(entries: list[Entry], returns: Sequence[Returns]) -> dict[str, Any]:
    """Return the description of a module.

    returns: what each entry returns. Where there are two results or more, the first parameter is
    the address where they are written.
    """
    return {
        "stack_top": STACK_TOP,
        "table": {name: 2 if name == "frames" else 1 for name in Memory._fields},
        "exports": {
            entry.name: {
                "kernel": entry.kernel,
                "parameters": [kind_of(parameter) for parameter in entry.parameters],
                "results": each.results,
                "unsigned": each.unsigned,
            }
            for entry, each in zip(entries, returns, strict=True)
        },
        "dtypes": _dtypes(),
        "constants": _constants(),
    }
