"""The files of a package, and the modules in a module's folder that it imports."""

import ast
from collections.abc import Iterator
from pathlib import Path


def package_files(folder: Path, suffixes: tuple[str, ...] = (".py",)) -> dict[str, Path]:
    """Return the files of a package by their path from the folder above it.

    Its data are left out by default, as results of sweeps may be among them.
    """
    return {
        path.relative_to(folder.parent).as_posix(): path
        for path in folder.rglob("*")
        if path.suffix in suffixes
    }


def with_neighbours(file: Path) -> dict[str, Path]:
    """Return a module's file, and those in its folder that it imports, directly or not."""
    found: dict[str, Path] = {}
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path.name in found:
            continue
        found[path.name] = path
        for name in _imported(path):
            beside, package = file.with_name(f"{name}.py"), file.with_name(name)
            if beside.is_file():
                waiting.append(beside)
            elif (package / "__init__.py").is_file():
                found |= package_files(package)
    return found


def _imported(path: Path) -> Iterator[str]:
    """Yield the top-level names that a module imports, wherever it does so."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
