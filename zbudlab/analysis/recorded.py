"""Compare what a running Linux 6.1 recorded about itself with the lab's answers.

There are two recordings (tests/data/truth): free lists, pageblocks and fragmentation indices of a
machine that was filled, thinned, compacted and asked for huge pages, stage by stage; and the pool
of zswap while pages were stored, loaded and freed.

Only the corpus `half` (random, then constant bytes) can be compared with real compressors, because
its recipe is exact. It is the easy corpus. The recordings with text and binaries have lengths but
no pages, so how close the lab's compressors come to those is unknown.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zbudlab.analysis.predict import Experiment, boot
from zbudlab.conformance.trace import Operation, operations
from zbudlab.conformance.zswap61 import LENGTHS, zswap61_answers
from zbudlab.content import corpus
from zbudlab.content.compressors import compress_pages, compressor
from zbudlab.layout import (
    CHUNK_SIZE,
    HUGETLB_PAGE_ORDER,
    MAX_ORDER,
    MIGRATE_ISOLATE,
    MIGRATE_MOVABLE,
    MIGRATE_RECLAIMABLE,
    MIGRATE_RESERVE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
    PAGE_SIZE,
    ZBUD_MAX_SIZE,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.machine.freelists import Counts, draw_anywhere
from zbudlab.mm import vmstat
from zbudlab.mm.state import State

ZONES = ("DMA", "DMA32")
ZONE = "DMA32"  #: the one under pressure
CLEAN = "made before filling"  #: page tables that are not in between the pages

#: 6.1's types by their numbers in 3.12. HighAtomic replaced Reserve.
TYPES = {
    "Unmovable": MIGRATE_UNMOVABLE,
    "Reclaimable": MIGRATE_RECLAIMABLE,
    "Movable": MIGRATE_MOVABLE,
    "HighAtomic": MIGRATE_RESERVE,
    "Isolate": MIGRATE_ISOLATE,
}
INDICES = ("extfrag_index", "unusable_index")

RecordedRun = dict[str, Any]
RecordedStage = dict[str, Any]

# --- fragmentation -------------------------------------------------------------------------------


def read_runs(path: str | Path) -> list[RecordedRun]:
    """Read the recorded runs of a gzip file with one JSON line each."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def is_clean(run: RecordedRun) -> bool:
    """Return whether a run can be predicted: 36000 pages, one per pool page, tables first."""
    return (
        run["page_tables"] == CLEAN
        and run["run"].startswith(("anon-", "zbud-"))
        and run["free_pattern"] != "none"
    )


def counts(stage: RecordedStage, zone: str = ZONE) -> Counts:
    """Return a zone's free blocks and pageblocks at a stage."""
    free = np.zeros((MIGRATE_TYPES, MAX_ORDER), np.int64)
    pageblocks = np.zeros(MIGRATE_TYPES, np.int64)
    for name, migratetype in TYPES.items():
        free[migratetype] = stage["free_by_type"][zone][name]
        pageblocks[migratetype] = stage["pageblocks_by_type"][zone][name]
    return Counts(free, pageblocks, HUGETLB_PAGE_ORDER)


def experiment(run: RecordedRun) -> Experiment:
    """Return what was done in a run, for `predict`."""
    first = counts(run["stages"][0])
    return Experiment(first, run["pages_written"], run["pages_freed"], run["free_pattern"])


def huge_pages(run: RecordedRun) -> tuple[int, int]:
    """Return the huge pages that ZONE supplied at the first request, and including the second.

    The other zone supplies what it had from the start, since nothing touches it.
    """
    other = counts(run["stages"][0], ZONES[0]).free.sum(axis=0)
    there = int((other[HUGETLB_PAGE_ORDER:] << np.arange(MAX_ORDER - HUGETLB_PAGE_ORDER)).sum())
    asks = ("huge_pages_first_ask", "huge_pages_after_second_compaction")
    first, second = (int(run[ask]) - there for ask in asks)
    return first, second


def movable_pageblocks(run: RecordedRun) -> int:
    """Return the number of movable pageblocks of ZONE after filling."""
    return int(counts(run["stages"][1]).pageblocks[MIGRATE_MOVABLE])


def stood_still(stage: RecordedStage) -> bool:
    """Return whether the files of a stage, read one after another, show the same memory.

    buddyinfo, pagetypeinfo and vmstat must agree on the free pages.
    """
    free = 0
    for zone in ZONES:
        by_order = counts(stage, zone).free.sum(axis=0)
        if by_order.tolist() != stage["free_blocks_by_order"][zone]:
            return False
        free += int((by_order << np.arange(MAX_ORDER)).sum())
    return free == stage["vmstat"]["nr_free_pages"]


def zone_state(stage: RecordedStage, zone: str = ZONE, seed: int = 0) -> State:
    """Return a zone with the recorded free blocks, by order and type, and pageblocks.

    Positions are drawn by seed. A block need not be in a pageblock of its type: a block that is
    taken from a pageblock of another type, without claiming that pageblock, stays on the other
    list.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    return boot(draw_anywhere(counts(stage, zone), rng))


def recorded_indices(stage: RecordedStage, zone: str = ZONE) -> NDArray[np.int64]:
    """Return the kernel's fragmentation and unusable index, thousandths, int64 (2, MAX_ORDER)."""
    return np.array([[round(1000 * index) for index in stage[name][zone]] for name in INDICES])


def indices(stage: RecordedStage, zone: str = ZONE) -> NDArray[np.int64]:
    """Compute the same indices from the recorded buddyinfo, in the form of `recorded_indices`."""
    state = State(1, page_bytes=False)
    state.zone["nr_free"] = stage["free_blocks_by_order"][zone]
    found = np.zeros((2, MAX_ORDER), np.int64)
    vmstat.extfrag_indices(state.mem, found)
    return found


# --- the corpus `half` ---------------------------------------------------------------------------


def read_half(path: str | Path) -> dict[str, Any]:
    """Read the recorded runs of zswap on `half`: `runs`, and `contents` of the stores of each."""
    with gzip.open(path, "rt", encoding="utf-8") as text:
        return json.load(text)


def half_lengths(name: str, sizes: list[int]) -> NDArray[np.int32]:
    """Compress the pages of `half`. Return lengths in bytes, int32 (n,); -1 = longer than a page.

    name: of the compressor. sizes: X of each page. MissingLibrary if the compressor's library is
    absent.
    """
    content = b"".join(corpus.half_page(x) for x in sizes)
    pages = np.frombuffer(content, np.uint8).reshape(-1, PAGE_SIZE)
    return compress_pages(compressor(name), pages, np.empty_like(pages))


def chunks(lengths: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the 64-byte chunks that each compressed page takes in zbud, int64; -1 = refused."""
    stored = lengths.astype(np.int64) + ZSWAP_HEADER_SIZE
    refused = (lengths < 0) | (stored > ZBUD_MAX_SIZE)
    return np.where(refused, -1, -(-stored // CHUNK_SIZE))


def _with_our_lengths(
    trace: str | Path, contents: list[int], lengths: NDArray[np.int32]
) -> Iterator[Operation]:
    """Yield the operations of a trace, with the lab's length in each store."""
    words = {number: word for word, number in LENGTHS.items()}
    left = iter(contents)
    for operation in operations(trace):
        if operation.name == "store" and operation.words[1] != "same":
            length = int(lengths[next(left)])
            text = f"store {operation.words[0]} {words.get(length, length)}"
            operation = Operation(text, operation.where)
        elif operation.name == "store":
            next(left)
        yield operation


def pool_pages(
    trace: str | Path, run: RecordedRun, contents: list[int], lengths: NDArray[np.int32]
) -> list[tuple[int, int, int]]:
    """Return for each phase its name, the kernel's pool pages at its end, and the lab's.

    trace: the run's operations (tests/data/golden/zswap-6.1). run, contents: its phases, and for
    each store the number of the page of `half` (tests/data/truth/half_runs.json.gz). lengths: of a
    real compressor, by page of `half`.
    """
    ours = list(zswap61_answers(list(_with_our_lengths(trace, contents, lengths))))
    return [
        (phase["phase"], phase["pool_pages"], ours[phase["last"]]["pool_pages"])
        for phase in run["phases"]
    ]
