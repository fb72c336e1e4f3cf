"""Everything that users may call, found by inspection.

These are the names in `__all__` of every package of zbudlab, with the public methods of classes,
what the README and the docs import, the commands, and the readers of files that these use. `jit`
and `mm` are left out: they are the compiled engine, whose arguments were checked where they
entered, and which trusts them.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import zbudlab
from tests.fuzz.readers import READERS

READER = "reader"  #: the owner of the functions of `tests.fuzz.readers`
ROOT = Path(__file__).resolve().parents[2]
ENGINE = ("zbudlab.jit", "zbudlab.mm", "zbudlab.layout", "zbudlab.cli")
RECORDS = ("Answer", "Host", "Zone", "Figures", "Malformed", "Difference", "Step", "Design")
RECORDS += ("SweepFile", "Parameter", "Result")
HOOKS = ("odd_line", "scan", "rest", "of_interest")
#: Not called, each with the reason.
LEFT_OUT = {
    "Hero": "a film, without arguments",
    **dict.fromkeys(
        [f"{kind}.{hook}" for kind in ("PageUses", "BlockEvents", "Table") for hook in HOOKS],
        "a step of the reader, which its base class calls",
    ),
    **dict.fromkeys(RECORDS, "a record that zbudlab makes, without checks of its own"),
    "described": "a decorator of experiments that never runs on users' values",
}


class Target(NamedTuple):
    """Something to call. name: for people and tables; call: its source text; owner: the class
    whose instance it needs, "" = none; parameters: by name."""

    name: str
    call: str
    owner: str
    parameters: dict[str, inspect.Parameter]


def packages():
    """Return the names of all packages with a public list of names."""
    found = ["zbudlab"]
    found += [
        each.name for each in pkgutil.walk_packages(zbudlab.__path__, "zbudlab.") if each.ispkg
    ]
    return [name for name in found if not name.startswith(ENGINE)]


def exported():
    """Return public objects by their names: of packages, and those that docs import."""
    found: dict[str, Any] = {}
    for package in packages():
        module = importlib.import_module(package)
        for name in getattr(module, "__all__", ()):
            found.setdefault(name, getattr(module, name))
    for module, name in documented():
        value = getattr(importlib.import_module(module), name, None)
        if inspect.isroutine(value) or inspect.isclass(value):
            found.setdefault(name, value)
    return found


def documented():
    """Yield (module, name) of what Python code in the README and the docs imports."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for node in ast.walk(_parsed(block)):
                if isinstance(node, ast.ImportFrom) and _is_public(node.module):
                    yield from ((node.module, alias.name) for alias in node.names)


def _is_public(module):
    return str(module).startswith("zbudlab") and not str(module).startswith(ENGINE)


def _parsed(text):
    try:
        return ast.parse(text)
    except SyntaxError:  # lines of a terminal among it
        return ast.parse("")


def targets():
    """Return everything to call, in order."""
    found = []
    for name, value in sorted(exported().items()):
        if inspect.isclass(value) and issubclass(value, BaseException):
            continue
        if inspect.isclass(value):
            found += _of_class(name, value)
        elif inspect.isroutine(value):
            found.append(Target(name, name, "", _parameters(value)))
    found += [Target(f"reader {n}", n, READER, _parameters(f)) for n, f in READERS.items()]
    return [t for t in found if t.name not in LEFT_OUT and t.owner not in LEFT_OUT]


def _of_class(name, kind):
    """Yield the constructor and the public methods of a class."""
    yield Target(name, name, "", _parameters(kind))
    for method in _own_names(kind):
        value = getattr(kind, method)
        if isinstance(inspect.getattr_static(kind, method), (property, cached_property)):
            yield Target(f"{name}.{method}", method, name, {"": None})
        elif inspect.isroutine(value):
            static = isinstance(inspect.getattr_static(kind, method), (classmethod, staticmethod))
            call, owner = (f"{name}.{method}", "") if static else (method, name)
            parameters = _parameters(value)
            if owner:
                parameters = dict(list(parameters.items())[1:])
            yield Target(f"{name}.{method}", call, owner, parameters)


def _own_names(kind):
    """Return the public names of a class that come from zbudlab: widgets inherit many others."""
    names = {
        name
        for base in kind.__mro__
        if base.__module__.startswith("zbudlab")
        for name in vars(base)
        if name in ("__getitem__", "__len__", "__iter__") or not name.startswith("_")
    }
    return sorted(name for name in names if hasattr(kind, name))


def _parameters(function):
    """Return the parameters of a callable by name, those of `**named` left out."""
    try:
        found = inspect.signature(function).parameters
    except ValueError:  # a default that looks like none, as sweep.Parameter has
        keyword = inspect.Parameter.KEYWORD_ONLY
        found = {name: inspect.Parameter(name, keyword) for name in function.__annotations__}
    return {name: each for name, each in found.items() if each.kind is not each.VAR_KEYWORD}
