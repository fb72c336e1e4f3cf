"""Kernels run as plain Python: for exercises, stepping and tests."""

import contextlib
import functools
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any

import numpy as np

from zbudlab.jit.compile import KERNELS


def on_plain_arrays(compiled: Any) -> Callable:
    """Return a compiled kernel for uncompiled callers: it takes record views as plain arrays.

    For a tuple of views it gets `original`, the tuple of the arrays behind them.
    """

    def as_array(argument: Any) -> Any:
        if isinstance(argument, np.recarray):
            return argument.view(np.ndarray)
        return getattr(argument, "original", argument)

    @functools.wraps(compiled.py_func)
    def call(*arguments: Any) -> Any:
        return compiled(*map(as_array, arguments))

    return call


def _behind(value: Any) -> Any:
    """Return the kernel behind a door (`zbudlab.jit.doors`), and anything else unchanged."""
    return getattr(value, "behind", value) if callable(value) else value


def _named(compiled: Any) -> set[int]:
    """Return the ids of the kernels that a kernel names. It names them by global variables only.

    A field of a record may have a kernel's name, as `freed` does, and a global another name.
    """
    function = compiled.py_func
    names = function.__globals__.keys() & set(function.__code__.co_names)
    return {id(_behind(function.__globals__[name])) for name in names}


def _callers(names: set[str]) -> set[str]:
    """Return the given kernels and all kernels that call them, directly or not."""
    waiting = {name: _named(compiled) for name, compiled in KERNELS.items() if name not in names}
    reached, newest = set(names), set(names)
    while newest:
        called = {id(KERNELS[name]) for name in newest}
        newest = {name for name, named in waiting.items() if named & called}
        reached |= newest
        waiting = {name: named for name, named in waiting.items() if name not in newest}
    return reached


def _bind(instead: dict[int, Any]) -> Iterator[tuple[dict, str, Any]]:
    """Replace each object with one of these ids in every module of zbudlab.

    Yields how to undo it: where it was, by which name, and the object.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "zbudlab" and not name.startswith("zbudlab.jit"):
            for attribute, old in list(vars(module).items()):
                if id(old) in instead:
                    vars(module)[attribute] = instead[id(old)]
                    yield vars(module), attribute, old


def as_record(argument: Any) -> Any:
    """Return a record, an array of records or a `mem` as a view with fields as attributes."""
    if isinstance(argument, tuple) and hasattr(argument, "plain"):
        return argument.plain
    if isinstance(argument, np.ndarray) and argument.dtype.names:
        return argument.view(np.recarray)
    if isinstance(argument, np.void) and argument.dtype.names:
        return argument.view((np.record, argument.dtype))
    return argument


def plainly(function: Callable, compiled: Any) -> Callable:
    """Return a function that gets record views, so that `record.field` works uncompiled."""

    @functools.wraps(compiled.py_func)
    def call(*arguments: Any) -> Any:
        with np.errstate(over="raise"):
            return function(*map(as_record, arguments))

    return call


def _plain_forms(plain: set[str], functions: dict[str, Callable]) -> dict[str, Callable]:
    """Return plain forms of kernels that call each other; other kernels they call stay compiled.

    Each is a copy with its own globals, so that compiled code, which must find compiled
    functions where it looks for them, never sees a plain one.
    """
    forms: dict[str, Callable] = {}
    instead: dict[int, Callable] = {}
    bodies: dict[str, Callable] = {}
    for name, compiled in KERNELS.items():
        if name in plain:
            forms[name] = plainly(lambda *a, name=name: bodies[name](*a), compiled)
            instead[id(compiled)] = forms[name]
        else:
            instead[id(compiled)] = on_plain_arrays(compiled)
    for name in plain:
        source = KERNELS[name].py_func
        names = {k: instead.get(id(_behind(v)), v) for k, v in source.__globals__.items()}
        rest = source.__name__, source.__defaults__, source.__closure__
        copy = FunctionType(source.__code__, names, *rest)
        bodies[name] = functions.get(name, copy)
    return forms


_exclusive = threading.Lock()
_undo: list[tuple[dict, str, Any]] = []  #: where something is replaced now, and what was there


@contextlib.contextmanager
def uncompiled(
    names: Iterable[str], functions: dict[str, Callable] | None = None
) -> Iterator[None]:
    """Run the named kernels, and all that call them, as plain Python within the block.

    names: kernels as `module.function`. functions: other functions to run instead of some.
    Compiled kernels that plain ones call stay compiled. One block at a time; everything is
    restored on leaving it, whatever happens.
    """
    functions = functions or {}
    plain = _callers(set(names) | set(functions))
    with _bound(lambda: _plain_forms(plain, functions)):
        yield


def elsewhere(forms: dict[str, Callable]) -> contextlib.AbstractContextManager[None]:
    """Call other functions instead of kernels, by full name, from Python within a block.

    Kernels that call those kernels do not change: this is for an engine that runs elsewhere.
    """
    return _bound(lambda: forms)


@contextlib.contextmanager
def _bound(make_forms: Callable[[], dict[str, Callable]]) -> Iterator[None]:
    """Replace kernels in all modules within a block; one block at a time."""
    if not _exclusive.acquire(blocking=False):
        raise RuntimeError("functions are replaced already: leave that block first")
    try:
        forms = make_forms()
        _undo.extend(_bind({id(KERNELS[name]): form for name, form in forms.items()}))
        yield
    finally:
        for namespace, attribute, old in _undo:
            namespace[attribute] = old
        _undo.clear()
        _exclusive.release()


@contextlib.contextmanager
def originals() -> Iterator[None]:
    """Undo all replacements within a block, because a kernel being compiled must find kernels."""
    replacements = [(namespace, name, namespace[name]) for namespace, name, _ in _undo]
    for namespace, name, old in _undo:
        namespace[name] = old
    try:
        yield
    finally:
        for namespace, name, new in replacements:
            namespace[name] = new


def kernel_named(name: str) -> str:
    """Return the full name `module.function` of a kernel; ValueError for an unknown name."""
    found = [full for full in KERNELS if name in (full, full.rpartition(".")[2])]
    if len(found) != 1:
        reason = f"{', '.join(found)} are meant" if found else "there is no such kernel"
        raise ValueError(f"cannot replace {name!r}: {reason}")
    return found[0]


def replaced(functions: dict[str, Callable]) -> contextlib.AbstractContextManager[None]:
    """Run other functions instead of kernels, by name, within a block."""
    by_name = {kernel_named(name): function for name, function in functions.items()}
    return uncompiled((), by_name)
