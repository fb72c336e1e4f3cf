"""`checked`: a public function refuses arguments of a wrong kind before it does anything.

What a parameter takes is in its annotation: `int` (a whole number of 64 bits), `float`, `bool`,
`str`, `str | Path`, a class, a collection, or `Annotated[int, Whole(0, 10)]` for bounds. A wrong
kind raises TypeError, a value outside its bounds ValueError, each with the parameter and the value.
"""

import functools
import inspect
import os
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from zbudlab.io.values import Choice, Kind, Number, Refusal, Truth, Whole, is_whole, plain, shown

P = ParamSpec("P")
R = TypeVar("R")
SIMPLE: dict[Any, Kind] = {int: Whole(), float: Number(), bool: Truth()}
WORDS: dict[Any, str] = {
    **dict.fromkeys((Mapping, dict), "a table"),
    **dict.fromkeys((list, tuple, Sequence, Iterable, Collection), "a list"),
    Callable: "a function",
    **{int: "a whole number", float: "a number", bool: "True or False", str: "a text"},
}


def checked(
    refusal: Refusal = ValueError, **kinds: Kind
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that checks the arguments of a function by its annotations.

    refusal: raised with a sentence for values outside their bounds. kinds: what parameters take,
    where it is not in the annotation.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        hints: dict[str, Any] = {}

        @functools.wraps(function)
        def call(*args: P.args, **named: P.kwargs) -> R:
            if not hints:  # when it is first called, as names may be defined after the function
                hints.update(_hints(function), **{n: Annotated[Any, k] for n, k in kinds.items()})
            bound = signature.bind(*args, **named)
            for name, value in bound.arguments.items():
                if name in hints and signature.parameters[name].kind not in STARRED:
                    bound.arguments[name] = argument(name, value, hints[name], refusal)
            return function(*bound.args, **bound.kwargs)

        return call

    return wrap


STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def argument(name: str, value: Any, hint: Any, refusal: Refusal = ValueError) -> Any:
    """Return an argument that fits an annotation, NumPy scalars as Python's, or refuse it."""
    for each in _alternatives(hint):
        kind = _kind(each)
        if kind is not None and not kind.fault(name, value):
            return plain(value)
        if kind is None and _is_one(value, each):
            return _path(name, value, refusal) if each in (Path, str) and _is_path(hint) else value
    kinds = [kind for each in _alternatives(hint) if (kind := _kind(each)) is not None]
    for kind in kinds:
        if _is_of_kind(value, kind):
            raise refusal(kind.fault(name, value))
    raise TypeError(f"{name} must be {_words(hint)}, not {shown(value)}")


def check_types(record: Any, *others: str) -> None:
    """Raise TypeError for a field of a dataclass whose kind differs from its annotation.

    others: fields that are checked in another way.
    """
    for name, hint in typing.get_type_hints(type(record), include_extras=True).items():
        if name not in others and not _fits(value := getattr(record, name), hint):
            raise TypeError(f"{name} must be {_words(hint)}, not {shown(value)}")


def _hints(function: Callable) -> dict[str, Any]:
    """Return the annotations of a function that can be evaluated, by parameter."""
    try:
        found = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # of types that are only imported for type checkers
        found = {n: h for n, h in inspect.get_annotations(function).items() if type(h) is not str}
    return {name: hint for name, hint in found.items() if name != "return"}


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """Return what a union consists of."""
    return (
        typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
    )


def _kind(hint: Any) -> Kind | None:
    """Return the kind of values that an annotation stands for; None for classes."""
    if typing.get_origin(hint) is Annotated:
        given = (each for each in typing.get_args(hint)[1:] if hasattr(each, "fault"))
        return next(given, None) or _kind(typing.get_args(hint)[0])
    if typing.get_origin(hint) is Literal:
        return Choice(typing.get_args(hint))
    try:
        return SIMPLE.get(hint)
    except TypeError:  # an annotation that has no hash
        return None


def _is_one(value: Any, hint: Any) -> bool:
    """Return whether a value is an instance of an annotation that is a class, or a collection."""
    found = typing.get_origin(hint) or hint
    if hint is None or found is NoneType:
        return value is None
    if found is Path:
        return isinstance(value, PurePath)
    if found is Any or not isinstance(found, type) or getattr(found, "_is_protocol", False):
        return True  # Any, a type variable: nothing to check
    if found is Callable:
        return callable(value)
    return isinstance(value, found) and _contents_fit(value, typing.get_args(hint))


def _contents_fit(value: Any, hints: tuple[Any, ...]) -> bool:
    """Return whether what is in a list or tuple fits its annotation, as far as that is a class."""
    if isinstance(value, Mapping) and _is_class(hints[1:]):
        return all(_fits(each, hints[1]) for each in value.values())
    if isinstance(value, (list, tuple)) and _is_class(hints):
        return all(_fits(each, hints[0]) for each in value)
    return True


def _is_class(hints: tuple[Any, ...]) -> bool:
    """Return whether there is one annotation, and it is a class."""
    return len({*hints} - {...}) == 1 and _kind(hints[0]) is None


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value fits an annotation."""
    for each in _alternatives(hint):
        kind = _kind(each)
        if not kind.fault("", value) if kind is not None else _is_one(value, each):
            return True
    return False


def _is_path(hint: Any) -> bool:
    return Path in _alternatives(hint)


def _path(name: str, value: Any, refusal: Refusal) -> Any:
    """Return a path that a system can have, or refuse it."""
    text = os.fspath(value)
    if not text or any(ord(each) < 32 for each in text):  # no message could name it in one line
        raise refusal(f"{name} must be a path without control characters, not {shown(text)}")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise refusal(
            f"{name} must be a path, not {shown(text)}: no file has such a name"
        ) from None
    return value


def _is_of_kind(value: Any, kind: Kind) -> bool:
    """Return whether a value has the right type, and is only outside the bounds."""
    if isinstance(kind, Whole):
        return is_whole(value)
    if isinstance(kind, Number):
        return not Number().fault("", value) or isinstance(value, float)
    return isinstance(value, str)


def _words(hint: Any) -> str:
    """Return the words for an annotation: "a whole number or None"."""
    each = [_word(alternative) for alternative in _alternatives(hint)]
    return " or ".join(
        dict.fromkeys("a path" if _is_path(hint) and e == "a text" else e for e in each)
    )


def _word(hint: Any) -> str:
    if typing.get_origin(hint) is Annotated:
        return _word(typing.get_args(hint)[0])
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    found = typing.get_origin(hint) or hint
    if found in (None, NoneType):
        return "None"
    if found in (Path, PurePath):
        return "a path"
    return WORDS.get(found) or f"a {getattr(found, '__name__', found)}"
