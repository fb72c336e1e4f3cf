"""Dependencies of a function that is in no file: helpers and values of the same notebook.

A function defined in a notebook calls functions of other cells and reads their values. Each of
these has a digest: the text of a function or class, the value of anything that can be written
down, the file of a module that is next to the notebook.
"""

import inspect
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from zbudlab.sweep.neighbours import with_neighbours
from zbudlab.sweep.points import SweepError, canonical, digest

TEXT = "the text of the experiment"


def digests(function: Any) -> dict[str, str]:
    """Return a digest for the text of a function and for each thing that it depends on, by name."""
    found: dict[str, str] = {}
    text = _text(function)
    if text:
        found[TEXT] = digest(text)
    seen = {id(function)}
    waiting = [function]
    while waiting:
        for name, value in _used(waiting.pop()):
            if id(value) in seen:
                continue
            seen.add(id(value))
            if _is_own(value, function):
                found[f"the text of {name}"] = digest(_text(value))
                waiting.append(value)
            else:
                found |= _of_value(name, value)
    return found


def _is_own(value: Any, function: Any) -> bool:
    """Return whether a value is a function or class of the same notebook as a function."""
    kind = isinstance(value, (FunctionType, type))
    return kind and getattr(value, "__module__", None) == getattr(function, "__module__", "")


def _text(value: Any) -> str:
    """Return the source of a function or class, else its code; "" if it has neither."""
    try:
        return inspect.getsource(value)
    except (OSError, TypeError):  # typed into a shell, or made by exec
        code = getattr(value, "__code__", None)
        return _code_text(code) if code is not None else _members_text(value)


def _members_text(value: Any) -> str:
    """Return the code of the functions of a class; "" for anything else."""
    members = vars(value).items() if isinstance(value, type) else ()
    return " ".join(f"{n} {_code_text(f.__code__)}" for n, f in members if hasattr(f, "__code__"))


def _code_text(code: CodeType) -> str:
    """Return compiled code as text that is the same whenever the source is the same."""
    inner = [_code_text(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return " ".join([code.co_code.hex(), *code.co_names, *inner])


def _used(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names that a function or class uses, with their values as they are now."""
    if isinstance(value, type):
        for each in vars(value).values():
            if isinstance(each, (classmethod, staticmethod)):
                each = each.__func__
            if isinstance(each, FunctionType):
                yield from _used(each)
        yield from ((base.__name__, base) for base in value.__bases__)
    elif isinstance(value, FunctionType):
        for name in sorted(_names(value.__code__) & set(value.__globals__)):
            yield name, value.__globals__[name]
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            try:
                yield name, cell.cell_contents
            except ValueError:  # not bound yet
                continue


def _names(code: CodeType) -> set[str]:
    """Return the global names in a piece of code, and in the functions inside it."""
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*inner)


def _of_value(name: str, value: Any) -> dict[str, str]:
    """Return the digest of a value or module, nothing for what cannot be written down."""
    if isinstance(value, np.ndarray):
        whole = np.ascontiguousarray(value)
        return {f"the value of {name}": digest(whole.tobytes())} if value.dtype != object else {}
    if isinstance(value, ModuleType) or hasattr(value, "__module__"):
        return _of_module(value)
    try:
        return {f"the value of {name}": digest(canonical(value))}
    except SweepError:
        return {}


def _of_module(value: Any) -> dict[str, str]:
    """Return digests of the file of a user's module, and of those that it imports next to it."""
    module = value if isinstance(value, ModuleType) else sys.modules.get(value.__module__ or "")
    file = Path(getattr(module, "__file__", None) or "")
    if file.suffix != ".py" or not file.is_file() or _is_installed(file):
        return {}
    return {n: digest(path.read_bytes()) for n, path in with_neighbours(file).items()}


def _is_installed(file: Path) -> bool:
    """Return whether a file belongs to Python, an installed package or zbudlab."""
    import zbudlab

    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.add(str(Path(zbudlab.__file__).parent))
    parents = {str(each) for each in file.resolve().parents}
    return any(str(Path(folder).resolve()) in parents for folder in folders)
