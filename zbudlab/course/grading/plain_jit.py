"""`zbudlab.jit` for the grading sandbox: nothing is compiled, kernels are plain Python.

A student's functions run uncompiled anyway; without numba a sandbox starts in a third of the time,
indices are checked, and there is no compiled code of a function that was taken out. Functions of
`zbudlab.jit` that are plain Python there, such as `copy_row`, are copied; see `copies`.
"""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

#: Every kernel by its name `module.function`.
KERNELS: dict[str, Any] = {}


def declare_arrays(group: str, /, **dtypes: np.dtype) -> None:
    """Do nothing: only compiled code needs to know which arrays a group has."""


def array_table(group: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays as they are: only compiled code needs a table of their addresses."""
    return arrays


def require_compiler() -> None:
    """Do nothing: nothing is compiled here."""


def as_record(argument: Any) -> Any:
    """Return a record, an array of records or a `mem` as a view with fields as attributes."""
    kind = type(argument)
    if issubclass(kind, tuple) and hasattr(argument, "plain"):
        return argument.plain
    if kind is np.ndarray and argument.dtype.names:
        return argument.view(np.recarray)
    if kind is np.void and argument.dtype.names:
        return argument.view((np.record, argument.dtype))
    return argument


def _on_records(function: Callable) -> Callable:
    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return function(*[as_record(argument) for argument in arguments])

    return call


def kernel(function: Callable | None = None, **options: bool) -> Any:
    """Return the function itself, fed with record views."""
    if function is None:
        return kernel
    call = _on_records(function)
    KERNELS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = call
    return call


def door(kernel: Any, kind: int, result: type | None = int, **dtypes: Any) -> Any:
    """Return the kernel itself: nothing is compiled that a door could keep out."""
    return kernel


def open_doors(kind: int) -> None:
    """Do nothing: there are no doors here."""


@contextlib.contextmanager
def replaced(functions: dict[str, Callable]) -> Iterator[None]:
    """Run other functions instead of kernels, by full name, within a block."""
    undo: list[tuple[dict, str, Any]] = []
    modules = [m for n, m in list(sys.modules.items()) if n.partition(".")[0] == "zbudlab"]
    try:
        for name, function in functions.items():
            old, new = KERNELS[name], _on_records(function)
            for module in modules:
                for attribute, value in list(vars(module).items()):
                    if value is old:
                        vars(module)[attribute] = new
                        undo.append((vars(module), attribute, old))
        with np.errstate(over="raise"):
            yield
    finally:
        for namespace, attribute, old in undo:
            namespace[attribute] = old


def uncompiled(
    names: Iterable[str], functions: dict[str, Callable] | None = None
) -> contextlib.AbstractContextManager[None]:
    """Do what `replaced` does: everything is uncompiled here."""
    return replaced(functions or {})


def compiling() -> bool:
    """Return False: nothing is compiled here."""
    return False


def kernel_named(name: str) -> str:
    """Return the full name `module.function` of a kernel known by either name."""
    found = [full for full in KERNELS if name in (full, full.rpartition(".")[2])]
    if len(found) != 1:
        raise ValueError(f"cannot replace {name!r}: there is no such kernel")
    return found[0]
