"""Compare the engine with kernels: run traces of operations and compare the answers.

`answers(kind, trace)` yields a line for each operation, in the format of the golden files.
`compare` compares the lines with such a file and reports the first difference.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from zbudlab.conformance.buddy import buddy_answers
from zbudlab.conformance.compact import compact_answers
from zbudlab.conformance.difference import Difference
from zbudlab.conformance.radix import radix_answers
from zbudlab.conformance.trace import TraceError, lines, operations, state_text
from zbudlab.conformance.z3fold import z3fold_answers
from zbudlab.conformance.zbud import zbud_answers
from zbudlab.conformance.zsmalloc import zsmalloc_answers
from zbudlab.conformance.zswap import zswap_answers
from zbudlab.conformance.zswap7 import zswap7_answers
from zbudlab.conformance.zswap61 import zswap61_answers
from zbudlab.io.arguments import checked
from zbudlab.layout import ZBUD_PLAIN, ZBUD_SERIES, ZS_MAX_CHAIN
from zbudlab.profiles import OWN_LRU

Answer = dict[str, Any]

#: What runs a trace of each kind.
KINDS: dict[str, Callable[..., Iterator[Answer]]] = {
    "zbud-plain": partial(zbud_answers, ZBUD_PLAIN),
    "zbud-series": partial(zbud_answers, ZBUD_SERIES),
    "radix": radix_answers,
    "buddy": buddy_answers,
    "compact": compact_answers,
    "zswap-plain": partial(zswap_answers, ZBUD_PLAIN),
    "zswap-series": partial(zswap_answers, ZBUD_SERIES),
    "zswap-6.1": zswap61_answers,
    "zswap-7": zswap7_answers,
    "zsmalloc-6.1": partial(zsmalloc_answers, "6.1"),
    "zsmalloc-7": partial(zsmalloc_answers, "7.3"),
    "z3fold-6.1": z3fold_answers,
}

#: Settings of kinds that have some, each with the values that it takes; the first is the default.
SETTINGS: dict[str, dict[str, tuple[Any, ...]]] = {
    "zsmalloc-7": {"chain": (8, 4, 5, 6, 7, *range(9, ZS_MAX_CHAIN + 1))},
    "zswap-7": {"version": (*reversed(OWN_LRU),)},
}

__all__ = ["KINDS", "SETTINGS", "Difference", "TraceError", "answers", "compare", "state_text"]


def _checked(kind: str, settings: dict[str, Any]) -> None:
    """Raise TraceError for an unknown kind, or a setting that it does not have."""
    if kind not in KINDS:
        raise TraceError(f"unknown kind of trace {kind!r}; use {', '.join(KINDS)}")
    known = SETTINGS.get(kind, {})
    for name, value in settings.items():
        if name not in known:
            raise TraceError(f"{kind} has no setting {name!r}")
        if value not in known[name]:
            values = ", ".join(map(str, known[name]))
            raise TraceError(f"{name} of {kind} must be one of {values}, not {value}")


def _answered(kind: str, trace: str | Path, settings: dict[str, Any]) -> Iterator[Answer]:
    """Yield what the engine answers to a trace, as fields."""
    _checked(kind, settings)
    yield from KINDS[kind](list(operations(trace)), **settings)


def _printed(answer: Answer) -> str:
    """Return the line of an answer: its text, if the kind has answers of text, or JSON."""
    return str(answer["text"]) if "text" in answer else state_text(answer)


@checked()
def answers(kind: str, trace: str | Path, **settings: Any) -> Iterator[str]:
    """Yield the exact lines that the engine answers to a trace. TraceError names a bad line.

    settings: of the kind, see SETTINGS.
    """
    return map(_printed, _answered(kind, trace, settings))


@checked()
def compare(
    kind: str, trace: str | Path, expected: str | Path, **settings: Any
) -> tuple[int, Difference | None]:
    """Run a trace and compare its answers with the expected ones.

    Return the number of operations that agree, and the first difference (None = there is none).
    """
    wanted = ((where, text) for where, text in lines(expected) if text.strip())
    before: Answer = {}
    count = 0
    for answer in _answered(kind, trace, settings):
        got = _printed(answer)
        where, want = next(wanted, (str(expected), ""))
        if got != want:
            return count, Difference.between(where, want, got, before, answer.get("op"))
        before = answer.get("state", before)
        count += not answer.get("final", False)
    where, more = next(wanted, (str(expected), ""))
    if more:
        return count, Difference.between(where, more, "", before)
    return count, None
