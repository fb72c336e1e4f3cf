"""A function of zbudlab by its name: its source lines, and what its docstring says of Linux's."""

import inspect
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from zbudlab import jit

_PACKAGE = Path(__file__).resolve().parents[1]
_FILE = re.compile(r"[\w/.-]+\.[ch]\b")
_NAMED = re.compile(r"\((_*[a-z]+_\w+)\)")


class Source(NamedTuple):
    """Where a function stands: file in the package, first line, text."""

    file: str
    line: int
    text: str


class Linux(NamedTuple):
    """Where to look in the kernel: file, function, and the whole of what the docstring says."""

    file: str
    function: str
    source: str

    def __str__(self) -> str:
        return f"{self.function} ({self.source})"


def function_named(name: str) -> Callable:
    """Return the function `module.function`: a kernel, or a function of `zbudlab.machine`."""
    module, _, function = name.rpartition(".")
    if name not in jit.KERNELS and (_PACKAGE / "mm" / f"{module}.py").exists():
        import_module(f"zbudlab.mm.{module}")
    if name in jit.KERNELS:
        return jit.KERNELS[name].py_func
    return getattr(import_module(f"zbudlab.machine.{module}"), function)


@cache
def source_of(name: str) -> Source:
    """The source lines of a function `module.function`."""
    function = function_named(name)
    lines, first = inspect.getsourcelines(function)
    file = Path(inspect.getsourcefile(function) or "").relative_to(_PACKAGE.parent)
    return Source(file.as_posix(), first, "".join(lines))


@cache
def linux_of(name: str) -> Linux | None:
    """What the docstrings' "Source:" lines say of a function; None = there is none.

    The function's own docstring comes first, then its module's. The kernel's name is ours, unless
    the docstring has another in parentheses.
    """
    function = function_named(name)
    doc = inspect.getdoc(function) or ""
    module = inspect.getmodule(function)
    told = _source_line(doc) or _source_line(inspect.getdoc(module) or "")
    file = _FILE.search(told)
    if not file:
        return None
    named = _NAMED.search(doc.partition("\n\n")[0])
    return Linux(file[0], named[1] if named else name.rpartition(".")[2], told)


def _source_line(doc: str) -> str:
    """What stands behind "Source:", to the end of the paragraph."""
    _, found, rest = doc.partition("Source:")
    return " ".join(rest.partition("\n\n")[0].split()).rstrip(".") if found else ""
