"""Find a function of zbudlab by its name: its source, and its counterpart in Linux."""

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
    """Source code of a function: its file in the package, its first line, its text."""

    file: str
    line: int
    text: str


class Linux(NamedTuple):
    """The place to look in the kernel: file, function, and the docstring's whole source line."""

    file: str
    function: str
    source: str

    def __str__(self) -> str:
        return f"{self.function} ({self.source})"


def function_named(name: str) -> Callable:
    """Return the Python function `module.function`.

    The module is one of `zbudlab.mm` or, if there is none of that name, one of `zbudlab`.
    """
    module, _, function = name.rpartition(".")
    if name not in jit.KERNELS and (_PACKAGE / "mm" / f"{module}.py").exists():
        import_module(f"zbudlab.mm.{module}")
    if name in jit.KERNELS:
        return jit.KERNELS[name].py_func
    return getattr(import_module(f"zbudlab.machine.{module}"), function)


@cache
def source_of(name: str) -> Source:
    """Return the source code of a function `module.function`."""
    function = function_named(name)
    lines, first = inspect.getsourcelines(function)
    file = Path(inspect.getsourcefile(function) or "").relative_to(_PACKAGE.parent)
    return Source(file.as_posix(), first, "".join(lines))


@cache
def linux_of(name: str) -> Linux | None:
    """Return what the "Source:" line of a docstring says about a function, or None.

    The function's own docstring is read first, then its module's. The kernel function has the same
    name, unless the docstring's first paragraph has another in parentheses.
    """
    function = function_named(name)
    doc = inspect.getdoc(function) or ""
    module = inspect.getmodule(function)
    text = _source_line(doc) or _source_line(inspect.getdoc(module) or "")
    file = _FILE.search(text)
    if not file:
        return None
    named = _NAMED.search(doc.partition("\n\n")[0])
    return Linux(file[0], named[1] if named else name.rpartition(".")[2], text)


def _source_line(doc: str) -> str:
    """Return the text after "Source:", up to the end of its paragraph; "" if there is none."""
    _, found, rest = doc.partition("Source:")
    return " ".join(rest.partition("\n\n")[0].split()).rstrip(".") if found else ""
