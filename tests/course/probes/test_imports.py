"""The sandbox has whatever its modules import when they are loaded."""

import ast
from pathlib import Path

import zbudlab
from zbudlab.course.probes.imports import PACKAGE

ROOT = Path(zbudlab.__file__).parent
REPLACED = {"zbudlab.jit", "zbudlab.course", "zbudlab.races"}  #: by the sandbox's forms


def listed():
    for package, modules in PACKAGE.items():
        for module in modules:
            yield ".".join(["zbudlab", *filter(None, package.split(".")), module])


def imported_at_once(name):
    """Modules that a module imports outside functions and type checking."""
    path = ROOT.parent.joinpath(*name.split(".")).with_suffix(".py")
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zbudlab"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                there = ROOT.parent.joinpath(*inner.split("."))
                is_module = there.with_suffix(".py").exists() or there.is_dir()
                yield inner if is_module else node.module


def test_what_a_listed_module_imports_is_listed():
    known = {*listed(), *REPLACED, "zbudlab", *(f"zbudlab.{package}" for package in PACKAGE)}
    missing = {
        (name, other)
        for name in listed()
        if name != "zbudlab.jit"
        for other in imported_at_once(name)
        if other not in known and not other.startswith("zbudlab.jit")
    }
    assert missing == set()
