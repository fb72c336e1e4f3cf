"""Compare the engine with kernels: run traces of operations and compare the answers.

`answers(kind, trace)` yields a line for each operation, in the format of the golden files.
`compare` compares the lines with such a file and reports the first difference.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from zbudlab.conformance.buddy import buddy_answers
from zbudlab.conformance.compact import compact_answers
from zbudlab.conformance.difference import Difference
from zbudlab.conformance.radix import radix_answers
from zbudlab.conformance.trace import Operation, TraceError, lines, operations, state_text
from zbudlab.conformance.zbud import zbud_answers
from zbudlab.conformance.zswap import zswap_answers
from zbudlab.conformance.zswap61 import zswap61_answers
from zbudlab.io.arguments import checked
from zbudlab.layout import ZBUD_PLAIN, ZBUD_SERIES

Answer = dict[str, Any]

#: What runs a trace of each kind.
KINDS: dict[str, Callable[[list[Operation]], Iterator[Answer]]] = {
    "zbud-plain": partial(zbud_answers, ZBUD_PLAIN),
    "zbud-series": partial(zbud_answers, ZBUD_SERIES),
    "radix": radix_answers,
    "buddy": buddy_answers,
    "compact": compact_answers,
    "zswap-plain": partial(zswap_answers, ZBUD_PLAIN),
    "zswap-series": partial(zswap_answers, ZBUD_SERIES),
    "zswap-6.1": zswap61_answers,
}

__all__ = ["KINDS", "Difference", "TraceError", "answers", "compare", "state_text"]


@checked()
def answers(kind: str, trace: str | Path) -> Iterator[str]:
    """Yield the exact lines that the engine answers to a trace. TraceError names a bad line."""
    if kind not in KINDS:
        raise TraceError(f"unknown kind of trace {kind!r}; use {', '.join(KINDS)}")
    for answer in KINDS[kind](list(operations(trace))):
        yield state_text(answer)


@checked()
def compare(kind: str, trace: str | Path, expected: str | Path) -> tuple[int, Difference | None]:
    """Run a trace and compare its answers with the expected ones.

    Return the number of operations that agree, and the first difference (None = there is none).
    """
    wanted = ((where, text) for where, text in lines(expected) if text.strip())
    before: Answer = {}
    count = 0
    for got in answers(kind, trace):
        where, want = next(wanted, (str(expected), ""))
        if got != want:
            return count, Difference.between(where, want, got, before)
        line = json.loads(got)
        before = line.get("state", before)
        count += not line.get("final", False)
    where, more = next(wanted, (str(expected), ""))
    if more:
        return count, Difference.between(where, more, "", before)
    return count, None
