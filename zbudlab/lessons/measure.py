"""Measurements for the course on the reader's computer: copies, lookups, strides.

Each returns nanoseconds per operation, by method and size. They are meant for curves, not as
proof; `make bench` measures more carefully.
"""

import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from zbudlab.jit import kernel, uncompiled
from zbudlab.layout import PAGE_SIZE
from zbudlab.lessons.trees import Tree
from zbudlab.mm.page import copy_highpages
from zbudlab.mm.radix_tree import radix_tree_lookup_batch

Curves = dict[str, dict[int, float]]  #: ns per operation, by method, then by size
REPEATS = 5
ENOUGH_PLAIN = 2000  #: operations that are enough to measure plain Python
ENOUGH_READS = 400_000  #: reads that are enough to measure one


def nanoseconds(operations: int, work: Callable[..., object], *arguments: object) -> float:
    """Return the nanoseconds per operation of the best of a few runs.

    Other programs on the computer only ever slow a run down, so the best run is the closest.
    """
    work(*arguments)
    best = float("inf")
    for _ in range(REPEATS):
        started = time.perf_counter_ns()
        work(*arguments)
        best = min(best, time.perf_counter_ns() - started)
    return best / operations


def copying(counts: Iterable[int], seed: int = 0) -> Curves:
    """Measure copying a page, in batches of random pages from memory twice that size."""
    curves: Curves = {"byte by byte in Python": {}, "NumPy, row by row": {}, "compiled": {}}
    for count in counts:
        frames = np.zeros((2 * count, PAGE_SIZE), np.uint8)
        order = np.random.Generator(np.random.PCG64(seed)).permutation(2 * count)
        new, old = order[:count], order[count:]
        pairs = list(zip(new.tolist(), old.tolist(), strict=True))
        curves["byte by byte in Python"][count] = nanoseconds(1, _by_bytes, frames, pairs[0])
        curves["NumPy, row by row"][count] = nanoseconds(count, _by_rows, frames, pairs)
        curves["compiled"][count] = nanoseconds(count, copy_highpages, frames, new, old)
    return curves


def _by_rows(frames: np.ndarray, pairs: list[tuple[int, int]]) -> None:
    for new, old in pairs:
        frames[new] = frames[old]


def _by_bytes(frames: np.ndarray, pair: tuple[int, int]) -> None:
    to, source = (memoryview(frames[pfn]) for pfn in pair)
    for place in range(PAGE_SIZE):
        to[place] = source[place]


def lookups(sizes: Iterable[int], seed: int = 0) -> Curves:
    """Measure looking up random keys in a tree: compiled, in plain Python, and in a dict."""
    curves: Curves = {"the same code, not compiled": {}, "a Python dict": {}, "compiled": {}}
    for size in sizes:
        tree = Tree(range(1, size + 1))
        keys = np.random.Generator(np.random.PCG64(seed)).integers(1, size + 1, size)
        curves["compiled"][size] = _lookup_time(tree, keys)
        with uncompiled({"radix_tree.radix_tree_lookup_slot", "radix_tree.slot_of"}):
            few = keys[:ENOUGH_PLAIN]
            curves["the same code, not compiled"][size] = _lookup_time(tree, few)
        table = {key: key for key in range(1, size + 1)}
        curves["a Python dict"][size] = nanoseconds(size, _in_dict, table, keys.tolist())
    return curves


def _lookup_time(tree: Tree, keys: np.ndarray) -> float:
    arguments = tree.nodes, tree.root, keys, np.empty_like(keys)
    return nanoseconds(len(keys), radix_tree_lookup_batch, *arguments)


def _in_dict(table: dict[int, int], keys: list[int]) -> list[int]:
    return [table[key] for key in keys]


def strides(counts: Iterable[int], between: Sequence[int] = (64, 4096), seed: int = 0) -> Curves:
    """Measure reading one number from each of that many places, `between` bytes apart.

    Each number says where the next one is, in random order, so that a read waits for the one
    before it and the processor cannot fetch ahead.
    """
    curves: Curves = {f"{stride} bytes apart": {} for stride in between}
    random = np.random.Generator(np.random.PCG64(seed))
    for stride, curve in zip(between, curves.values(), strict=True):
        for count in counts:
            links = np.zeros(count * stride // 8, np.int64)
            places = random.permutation(count) * (stride // 8)
            links[places] = np.roll(places, -1)
            steps = max(1, ENOUGH_READS // count) * count
            curve[count] = nanoseconds(steps, follow, links, int(places[0]), steps)
    return curves


@kernel(inline=False)
def follow(links: np.ndarray, start: int, steps: int) -> int:
    """Go from place to place: each element of `links` is the index of the next."""
    at = start
    for _ in range(steps):
        at = links[at]
    return at
