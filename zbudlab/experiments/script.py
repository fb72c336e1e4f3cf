"""Scripts: operations on one machine as rows of numbers, written before any of them is run.

A script is int64 (n, 3): an operation and its two arguments in each row. Running it gives int64
(n,), a result for each row; a negative result is an errno. An argument that names an earlier row
counts from the start of the script.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout

Script = NDArray[np.int64]
Results = NDArray[np.int64]

# Operations: their arguments -> their result.
ALLOC_PAGES = 0  # order, migrate type -> first frame
FREE_PAGES = 1  # row that allocated -> 0
ZBUD_ALLOC = 2  # bytes -> handle
ZBUD_FREE = 3  # row that allocated -> 0
CREATE_PROCESS = 4  # pages -> process, from 0
TOUCH = 5  # process, page -> frame
EXIT = 6  # process -> 0
COMPACT = 7  # order (-1 = the whole zone), whether synchronous -> pages moved
RESCAN = 8  # -> 0
ASK = 9  # order -> number of blocks available; all are freed again
FREE = 10  # -> free page frames
PIN = 11  # frame in use -> frame
UNPIN = 12  # row that pinned -> 0
ZBUD_MAP = 13  # row that allocated -> handle
ZBUD_UNMAP = 14  # row that mapped -> 0
MOVABLE = 15  # whether pages of zbud may move -> 0

#: Operations that undo an earlier row, and what that row was.
UNDOES = {FREE_PAGES: ALLOC_PAGES, ZBUD_FREE: ZBUD_ALLOC, UNPIN: PIN, ZBUD_UNMAP: ZBUD_MAP}


def rows(operation: int, first: ArrayLike = 0, second: ArrayLike = 0) -> Script:
    """Return rows of one operation, one for each pair of arguments (numbers or arrays)."""
    columns = np.broadcast_arrays(operation, np.asarray(first), np.asarray(second))
    return np.stack([np.atleast_1d(column) for column in columns], axis=-1).astype(np.int64)


def _between(low: int, values: NDArray[np.int64], limit: Any) -> NDArray[np.bool_]:
    return (values >= low) & (values < limit)


def _rules(script: Script) -> dict[int, Callable[[NDArray[np.intp]], NDArray[np.bool_]]]:
    """Return for each operation with arguments a function: which of its rows are in range."""
    operation, first, second = np.ascontiguousarray(script.T)
    born = operation == CREATE_PROCESS
    processes, sizes = np.cumsum(born), first[born]  # born so far, pages of each

    def process(at: NDArray[np.intp]) -> NDArray[np.bool_]:
        return _between(0, first[at], processes[at])

    def touched(at: NDArray[np.intp]) -> NDArray[np.bool_]:
        found = process(at)
        found[found] = _between(0, second[at[found]], sizes[first[at[found]]])
        return found

    def follows(what: int, at: NDArray[np.intp]) -> NDArray[np.bool_]:
        found = _between(0, first[at], at)
        found[found] = operation[first[at[found]]] == what
        return found

    return {
        ALLOC_PAGES: lambda at: (
            _between(0, first[at], layout.MAX_ORDER)
            & _between(0, second[at], layout.MIGRATE_RESERVE)
        ),
        ZBUD_ALLOC: lambda at: first[at] > 0,
        CREATE_PROCESS: lambda at: first[at] > 0,
        TOUCH: touched,
        EXIT: process,
        COMPACT: lambda at: _between(-1, first[at], layout.MAX_ORDER),
        ASK: lambda at: _between(0, first[at], layout.MAX_ORDER),
        PIN: lambda at: first[at] >= 0,
        ZBUD_MAP: partial(follows, ZBUD_ALLOC),
        MOVABLE: lambda at: _between(0, first[at], 2),
        **{undo: partial(follows, done) for undo, done in UNDOES.items()},
    }


def _valid(script: Script) -> NDArray[np.bool_]:
    """Return for each row whether its operation exists and its arguments are in range."""
    operation = np.ascontiguousarray(script[:, 0])
    good = _between(0, operation, MOVABLE + 1)
    for which, rule in _rules(script).items():
        at = np.flatnonzero(operation == which)
        if len(at):
            good[at] = rule(at)
    return good


def check(script: Script) -> None:
    """Raise ValueError, with the first wrong row, for an invalid script."""
    if script.ndim != 2 or script.shape[1] != 3 or not len(script):
        raise ValueError(f"a script has rows of an operation and two arguments, not {script.shape}")
    wrong = np.flatnonzero(~_valid(script))
    if len(wrong):
        raise ValueError(f"row {wrong[0]} of a script is invalid: {script[wrong[0]].tolist()}")
    undone = np.zeros(len(script), np.int64)  # how often, by row
    for undo in UNDOES:
        undone += np.bincount(script[script[:, 0] == undo, 1], minlength=len(script))
    if undone.max() > 1:
        raise ValueError("a script frees, unpins or unmaps the same thing twice")
