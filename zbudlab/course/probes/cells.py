"""The cells of a notebook, run as Jupyter runs them."""

import ast
import asyncio
import inspect
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import CodeType
from typing import Any

from zbudlab.course.probes.imports import Idle, builtins_of_the_sandbox

_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.*%]+\?\??[ \t]*)$", re.MULTILINE)
#: Line magics that run the rest of the line as Python.
_RUN = re.compile(r"^([ \t]*)%(?:time|prun)[ \t]+(?=[^-\s])", re.MULTILINE)
#: The value of a magic or a command, `lines = !ls`.
_VALUE = re.compile(r"^([ \t]*[\w., \t]+=[ \t]*)(?:%(time[ \t]+)?|!)(.*)$", re.MULTILINE)
#: Cell magics that run the rest of the cell as Python.
_TIMERS = ("%%time", "%%timeit", "%%capture", "%%prun")


def runnable(source: str) -> str:
    """Return a cell's Python, with what only IPython understands replaced or left out."""
    if source.lstrip().startswith("%%"):
        head, _, rest = source.lstrip().partition("\n")
        if not head.startswith(_TIMERS):
            return ""
        source = rest
    source = _VALUE.sub(lambda m: m[1] + (m[3] if m[2] else "None"), source)
    return _MAGIC.sub(r"\1pass", _RUN.sub(r"\1", source))


def compiled(source: str, name: str) -> CodeType:
    """Compile a cell, without IPython's magics if it is not Python as it is.

    A line that ends with a question mark or begins with a percent sign may also be part of a
    string or a long expression. `await` is allowed outside functions. Raise SyntaxError if the
    cell is not Python either way.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        return compile(source, name, "exec", flags)
    except SyntaxError:
        return compile(runnable(source), name, "exec", flags)


def fresh_names() -> dict[str, Any]:
    """Return the names that cells find when the first of them runs."""
    shell = Idle("IPython.get_ipython")
    return {
        "__name__": "__main__",
        "__builtins__": builtins_of_the_sandbox(),
        "display": lambda *things, **named: None,
        "get_ipython": lambda: shell,
    }


def _finish(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine to its end, in another thread if an event loop already runs in this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(coroutine)
        return
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, coroutine).result()


def run(source: str, name: str, names: dict[str, Any]) -> None:
    """Run a cell among these names; raise what it raises."""
    code = compiled(source, name)
    found = eval(code, names)
    if code.co_flags & inspect.CO_COROUTINE:
        _finish(found)
