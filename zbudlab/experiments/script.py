"""Scripts: operations on one machine as rows of numbers, written before any of them is run.

A script is int64 (n, 3): an operation and its two arguments in each row. Running it gives int64
(n,), a result for each row; a negative result is an errno. An argument that names an earlier row
counts from the start of the script.
"""

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


def _valid(script: Script) -> NDArray[np.bool_]:
    """Return for each row whether its operation exists and its arguments are in range."""
    operation, first, second = script.T
    place = np.arange(len(script))
    born = operation == CREATE_PROCESS
    sizes = np.append(first[born], 0)
    pages = sizes[np.clip(first, 0, len(sizes) - 1)]  # of the process that `first` names
    earlier = operation[np.clip(first, 0, len(script) - 1)]
    rules: dict[int, NDArray[np.bool_]] = {
        ALLOC_PAGES: _between(0, first, layout.MAX_ORDER)
        & _between(0, second, layout.MIGRATE_RESERVE),
        ZBUD_ALLOC: first > 0,
        CREATE_PROCESS: first > 0,
        TOUCH: _between(0, first, np.cumsum(born)) & _between(0, second, pages),
        EXIT: _between(0, first, np.cumsum(born)),
        COMPACT: _between(-1, first, layout.MAX_ORDER),
        ASK: _between(0, first, layout.MAX_ORDER),
        PIN: first >= 0,
        ZBUD_MAP: _between(0, first, place) & (earlier == ZBUD_ALLOC),
        MOVABLE: _between(0, first, 2),
    }
    for undo, done in UNDOES.items():
        rules[undo] = _between(0, first, place) & (earlier == done)
    good = _between(0, operation, MOVABLE + 1)
    for which, rule in rules.items():
        good &= (operation != which) | rule
    return good


def check(script: Script) -> None:
    """Raise ValueError, with the first wrong row, for an invalid script."""
    if script.ndim != 2 or script.shape[1] != 3 or not len(script):
        raise ValueError(f"a script has rows of an operation and two arguments, not {script.shape}")
    wrong = np.flatnonzero(~_valid(script))
    if len(wrong):
        raise ValueError(f"row {wrong[0]} of a script is invalid: {script[wrong[0]].tolist()}")
    undone = script[np.isin(script[:, 0], list(UNDOES)), 1]
    if len(np.unique(undone)) < len(undone):
        raise ValueError("a script frees, unpins or unmaps the same thing twice")
