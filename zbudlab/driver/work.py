"""The data of a driver in addition to `mem`: its position, and room for a batch of pages."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab import jit, layout
from zbudlab.mm.mem import ArrayTable
from zbudlab.mm.vmscan import SWAP_CLUSTER_MAX
from zbudlab.mm.zpool import MOST_HANDLES


class _Work(NamedTuple):
    now: NDArray
    victims: NDArray[np.int64]
    slots: NDArray[np.int64]
    errors: NDArray[np.int64]
    tags: NDArray[np.uint8]
    lengths: NDArray[np.int32]
    handles: NDArray[np.int64]
    freed: NDArray[np.int64]
    where: NDArray[np.int64]
    arrivals: NDArray[np.uint8]
    refusals: NDArray[np.uint8]
    page_lengths: NDArray[np.int32]


class Work(ArrayTable, _Work):
    """Arrays of a driver.

    now: layout.progress (1,). victims, slots, errors: int64 (SWAP_CLUSTER_MAX,), pages on their way
    out. tags, lengths: uint8 (SWAP_CLUSTER_MAX, 8) and int32 (SWAP_CLUSTER_MAX,), their content as
    `zswap_store_marks` takes it. handles: int64 (MOST_HANDLES,). freed: int64, slots that became
    free. where: int64 (2,). arrivals, refusals: uint8, notes on pages by their place in the table
    of page table entries. page_lengths: int32, their compressed lengths.
    """

    group = "work"


class _Operations(NamedTuple):
    codes: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    answers: NDArray[np.int64]
    arguments: NDArray[np.int64]
    places: NDArray[np.int64]
    lengths: NDArray[np.int32]
    content: NDArray[np.uint8]


class Operations(ArrayTable, _Operations):
    """Operations of a log, one in each element of the first four arrays.

    codes: int64, layout.RUN_*. starts, counts: int64, their arguments in `arguments`, int64.
    answers: int64, as they were logged. places, lengths: int64 and int32, room for the most pages
    that an operation accesses. content: uint8 (0, 0).
    """

    group = "log"


NUMBERS, BYTES, LENGTHS = np.dtype(np.int64), np.dtype(np.uint8), np.dtype(np.int32)
jit.declare_arrays(
    Work.group,
    now=layout.progress,
    victims=NUMBERS,
    slots=NUMBERS,
    errors=NUMBERS,
    tags=np.dtype((np.uint8, (8,))),
    lengths=LENGTHS,
    handles=NUMBERS,
    freed=NUMBERS,
    where=NUMBERS,
    arrivals=BYTES,
    refusals=BYTES,
    page_lengths=LENGTHS,
)
jit.declare_arrays(
    Operations.group,
    codes=NUMBERS,
    starts=NUMBERS,
    counts=NUMBERS,
    answers=NUMBERS,
    arguments=NUMBERS,
    places=NUMBERS,
    lengths=LENGTHS,
    content=np.dtype((np.uint8, (layout.PAGE_SIZE,))),
)


def new_work() -> Work:
    """Return the arrays of a driver, without notes on pages."""
    batch = SWAP_CLUSTER_MAX
    return Work(
        now=np.zeros(1, layout.progress),
        victims=np.zeros(batch, np.int64),
        slots=np.zeros(batch, np.int64),
        errors=np.zeros(batch, np.int64),
        tags=np.zeros((batch, 8), np.uint8),
        lengths=np.zeros(batch, np.int32),
        handles=np.zeros(MOST_HANDLES, np.int64),
        freed=np.zeros(batch + layout.SWAP_SLOTS_CACHE_SIZE, np.int64),
        where=np.zeros(2, np.int64),
        arrivals=np.zeros(0, np.uint8),
        refusals=np.zeros(0, np.uint8),
        page_lengths=np.zeros(0, np.int32),
    )
