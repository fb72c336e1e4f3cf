"""Mutants of the solutions' functions: what each has wrong, as text, and its source.

A mutant differs in one place: an operator, a constant by one, an argument, a statement. Names of
constants count as constants.
"""

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: Operators and what a mutant has instead.
OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitOr,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
#: Parts of names that stand for one of two sides, and the other side.
SIDES = (
    ("first", "last"),
    ("FIRST", "LAST"),
    ("head", "tail"),
    ("next", "prev"),
    ("LRU", "BUDDY"),
    ("migrate_", "free_"),
    ("min", "max"),
    ("old", "new"),
)
TWINS = {"list_add": "list_add_tail", "list_add_tail": "list_add", "low": "high", "high": "low"}


@dataclass(frozen=True)
class Mutant:
    """A function with one change. name: tells the change; source: the whole function."""

    exercise: str
    function: str
    name: str
    source: str


Edit = Callable[[list[ast.AST]], None]


def _replace(nodes: list[ast.AST], old: ast.AST, new: ast.AST) -> None:
    """Replace a node by another in its parent."""
    for parent in nodes:
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list):
                setattr(parent, field, [new if item is old else item for item in value])


def _with(number: int, change: Callable[[ast.AST], ast.AST]) -> Edit:
    """An edit that replaces the node of that number by what `change` makes of it."""

    def edit(nodes: list[ast.AST]) -> None:
        _replace(nodes, nodes[number], change(copy.deepcopy(nodes[number])))

    return edit


def _plus(node: ast.expr, more: int) -> ast.expr:
    if isinstance(node, ast.Constant):
        return ast.Constant(node.value + more)
    return ast.BinOp(node, ast.Add() if more > 0 else ast.Sub(), ast.Constant(1))


def _is_number(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    return isinstance(node, ast.Name) and node.id.isupper() and isinstance(node.ctx, ast.Load)


def _other_side(name: str) -> str | None:
    if name in TWINS:
        return TWINS[name]
    for one, other in SIDES:
        for here, there in ((one, other), (other, one)):
            if here in name:
                return name.replace(here, there)
    return None


def _of_operators(number: int, node: ast.AST) -> Iterator[tuple[str, Edit]]:
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)):
        for other in OPERATORS.get(type(node.op), ()):
            yield "operator", _with(number, lambda found, other=other: _with_op(found, other))
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in OPERATORS.get(type(op), ()):
                yield "operator", _with(number, lambda f, p=place, o=other: _with_ops(f, p, o))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub, ast.Invert)):
        yield "operator", _with(number, lambda found: found.operand)


def _with_op(node: ast.AST, other: type[ast.AST]) -> ast.AST:
    node.op = other()
    return node


def _with_ops(node: ast.Compare, place: int, other: type[ast.AST]) -> ast.AST:
    node.ops[place] = other()  # Python's parser shares one object for all operators of a kind
    return node


def _of_values(number: int, node: ast.AST) -> Iterator[tuple[str, Edit]]:
    if _is_number(node):
        for more in (1, -1):
            yield "constant", _with(number, lambda found, more=more: _plus(found, more))
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        for value in (True, False):
            if not (value and isinstance(node, ast.While)):
                yield "condition", _with(number, lambda found, value=value: _deciding(found, value))
    if isinstance(node, ast.Subscript) and isinstance(node.slice, (ast.Name, ast.Attribute)):
        yield "index", _with(number, lambda found: _at_zero(found))


def _deciding(node: ast.AST, value: bool) -> ast.AST:
    node.test = ast.Constant(value)
    return node


def _at_zero(node: ast.Subscript) -> ast.AST:
    node.slice = ast.Constant(0)
    return node


def _of_names(number: int, node: ast.AST) -> Iterator[tuple[str, Edit]]:
    field = {ast.Name: "id", ast.Attribute: "attr"}.get(type(node))
    other = _other_side(getattr(node, field)) if field else None
    if other and isinstance(node.ctx, ast.Load):

        def renamed(found: ast.AST) -> ast.AST:
            setattr(found, field, other)
            return found

        yield "side", _with(number, renamed)
    if isinstance(node, ast.Call):
        for place in range(len(node.args) - 1):
            yield "arguments", _with(number, lambda found, place=place: _swapped(found, place))


def _swapped(call: ast.Call, place: int) -> ast.AST:
    call.args[place], call.args[place + 1] = call.args[place + 1], call.args[place]
    return call


def _bodies(node: ast.AST) -> Iterator[tuple[str, list[ast.stmt]]]:
    for field in ("body", "orelse"):
        body = getattr(node, field, None)
        if isinstance(body, list) and body:
            yield field, body


def _of_statements(number: int, node: ast.AST) -> Iterator[tuple[str, Edit]]:
    for field, body in _bodies(node):
        start = 1 if isinstance(node, ast.FunctionDef) and _is_text(body[0]) else 0
        for place in range(start, len(body)):
            yield "dropped", _on_body(number, field, lambda b, p=place: _without(b, p))
            if place + 1 < len(body):
                yield "order", _on_body(number, field, lambda b, p=place: _exchanged(b, p))
        if isinstance(node, (ast.For, ast.While)) and field == "body":
            yield "once", _on_body(number, field, lambda b: [*b, ast.Break()])
        if isinstance(node, ast.FunctionDef):
            yield "early", _on_body(number, field, lambda b, s=start: _ended(b, s))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _on_body(number: int, field: str, change: Callable[[list], list]) -> Edit:
    return lambda nodes: setattr(nodes[number], field, change(getattr(nodes[number], field)))


def _without(body: list[ast.stmt], place: int) -> list[ast.stmt]:
    return [*body[:place], ast.Pass(), *body[place + 1 :]]


def _ended(body: list[ast.stmt], place: int) -> list[ast.stmt]:
    return [*body[:place], ast.Return(ast.Constant(0)), *body[place:]]


def _exchanged(body: list[ast.stmt], place: int) -> list[ast.stmt]:
    return [*body[:place], body[place + 1], body[place], *body[place + 2 :]]


def _changes(function: ast.FunctionDef) -> Iterator[tuple[str, Edit]]:
    fixed = {id(part) for part in ast.walk(function.args)}
    for node in ast.walk(function):  # a question's own numbers are given, and no one's mistake
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "number":
            fixed |= {id(part) for part in ast.walk(node)}
    for number, node in enumerate(ast.walk(function)):
        if id(node) in fixed:
            continue
        for kind in (_of_operators, _of_values, _of_names, _of_statements):
            yield from kind(number, node)


def _told(kind: str, before: str, after: str) -> str:
    """The lines that differ, as a name."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    lines = (" | ".join(line.strip() for line in side) for side in (old, new))
    return f"{kind}: {' -> '.join(lines)}"


def mutants(exercise: str, name: str, source: str) -> list[Mutant]:
    """All mutants of a function, in an order that depends on its text alone."""
    function = ast.parse(source).body[0]
    before = ast.unparse(function)
    found, seen, names = [], {before}, Counter()
    for kind, edit in _changes(function):
        changed = copy.deepcopy(function)
        edit(list(ast.walk(changed)))
        after = ast.unparse(ast.fix_missing_locations(changed))
        if after in seen:
            continue
        seen.add(after)
        told = _told(kind, before, after)
        names[told] += 1
        told += f" (the {names[told]}th)" if names[told] > 1 else ""
        found.append(Mutant(exercise, name, told, after))
    return found
