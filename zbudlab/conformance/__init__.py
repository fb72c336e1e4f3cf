"""Operation traces: read, run through the engine, compared with what the kernel's code did.

`answers(kind, trace)` gives a line for each operation, as the golden files have them; `compare`
holds them against such a file and says where they part.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from zbudlab.conformance.buddy import replay_buddy
from zbudlab.conformance.compact import replay_compact
from zbudlab.conformance.difference import Difference
from zbudlab.conformance.radix import replay_radix
from zbudlab.conformance.trace import Operation, TraceError, lines, operations, state_text
from zbudlab.conformance.zbud import replay_zbud
from zbudlab.conformance.zswap import replay_zswap
from zbudlab.conformance.zswap61 import replay_zswap61
from zbudlab.layout import ZBUD_PLAIN, ZBUD_SERIES

Answer = dict[str, Any]

#: How a trace of each kind is run.
KINDS: dict[str, Callable[[list[Operation]], Iterator[Answer]]] = {
    "zbud-plain": partial(replay_zbud, ZBUD_PLAIN),
    "zbud-series": partial(replay_zbud, ZBUD_SERIES),
    "radix": replay_radix,
    "buddy": replay_buddy,
    "compact": replay_compact,
    "zswap-plain": partial(replay_zswap, ZBUD_PLAIN),
    "zswap-series": partial(replay_zswap, ZBUD_SERIES),
    "zswap-6.1": replay_zswap61,
}

__all__ = ["KINDS", "Difference", "TraceError", "answers", "compare", "state_text"]


def answers(kind: str, trace: str | Path) -> Iterator[str]:
    """The exact lines that the engine answers to a trace; TraceError names a bad line."""
    if kind not in KINDS:
        raise TraceError(f"unknown kind of trace {kind!r}; there are {', '.join(KINDS)}")
    for answer in KINDS[kind](list(operations(trace))):
        yield state_text(answer)


def compare(kind: str, trace: str | Path, expected: str | Path) -> tuple[int, Difference | None]:
    """Operations run, and the first difference from the expected answers, None if there is none."""
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
