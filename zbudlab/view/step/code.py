"""The source of a step's function, with its current line."""

import ast
from collections.abc import Sequence
from typing import Any

from zbudlab import jit
from zbudlab.history.functions import linux_of, source_of
from zbudlab.history.inside import Part
from zbudlab.view.step.track import page_of

LINES = 20  #: lines of a function that are shown


def kernel_named(function: str) -> str | None:
    """Return `module.function` of a kernel by its bare name, or None if it is unknown."""
    return next((name for name in jit.KERNELS if name.rpartition(".")[2] == function), None)


def listing(name: str, call: str = "", occurrence: int = 0) -> dict[str, Any]:
    """Return a function's source for the player.

    name: `module.function`. call: the function that the current line calls; without it, no line is
    current. occurrence: which call of that function, from 0. Each line is [depth, text].
    """
    source = source_of(name)
    lines = _code(source.text)
    at = [i for i, (_, text) in enumerate(lines) if i and call and f"{call}(" in text]
    now = at[min(occurrence, len(at) - 1)] if at else -1
    first = max(0, min(now - LINES // 2, len(lines) - LINES)) if now >= 0 else 0
    linux = linux_of(name)
    return {
        "function": name.rpartition(".")[2],
        "file": f"{source.file}, line {source.line}",
        "linux": "" if linux is None else f"Linux: {linux.source}",
        "lines": lines[first : first + LINES],
        "now": now - first if now >= 0 else -1,
    }


def of_part(parts: Sequence[Part], number: int) -> dict[str, Any]:
    """Return the source of the function that called a part, with the call's line marked."""
    part = parts[number - 1]
    caller = kernel_named(part.caller) if part.caller else None
    if caller is None:
        return listing(part.name)
    first, _ = page_of(parts, number)
    same = parts[first - 1 : number - 1]
    nth = sum((each.name, each.caller) == (part.name, part.caller) for each in same)
    return listing(caller, part.name.rpartition(".")[2], nth)


def _code(text: str) -> list[list[Any]]:
    """Return logical lines as [depth, text], without decorators, docstring or comments."""
    margin = len(text) - len(text.lstrip())
    lines = [line[margin:] for line in text.splitlines()]
    function = ast.parse("\n".join(lines)).body[0]
    assert isinstance(function, ast.FunctionDef)
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    found: list[list[Any]] = [[0, _heading(function)]]
    _add(found, body[1:] if documented else body, 1)
    return found


def _heading(function: ast.FunctionDef) -> str:
    names = [argument.arg for argument in function.args.args]
    told = ", ".join(names) if len(names) <= 4 else f"..., {', '.join(names[-3:])}"
    return f"def {function.name}({told}):"


_BLOCKS = (ast.If, ast.For, ast.While, ast.With)


def _add(found: list[list[Any]], body: list[ast.stmt], depth: int) -> None:
    """Append the statements of a block, each heading before its indented block."""
    for statement in body:
        if not isinstance(statement, _BLOCKS):
            found.append([depth, ast.unparse(statement)])
            continue
        found.append([depth, ast.unparse(statement).partition("\n")[0]])
        _add(found, statement.body, depth + 1)
        otherwise = getattr(statement, "orelse", [])
        if otherwise:
            found.append([depth, "else:"])
            _add(found, otherwise, depth + 1)
