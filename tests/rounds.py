"""Random rounds on a machine and its twin: what `tests.soak` runs, and how a failure gets short.

Each round has a machine of its own and a list of random operations, both made from (seed, round)
alone; so a failed round can be repeated. Every operation also happens to the twin (`tests.twin`);
at the end every page of every process is compared.

An operation is four whole numbers, which mean something whatever has happened before ("the k-th
process that is alive"), so that any part of the list is a test too: that is how the list of a
failed round is shrunk. What remains is saved as a log that `zbudlab.history` replays.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.twin import Page, Pair
from zbudlab import layout
from zbudlab.content import compressors
from zbudlab.machine import Machine, MachineConfig
from zbudlab.machine.operations import FAULTS
from zbudlab.profiles import allocators_of

OPERATIONS = 2000  #: in a round
LOST = b"\xff"  # first byte of what the moody compressor cannot restore


# --- a compressor that fails and lies ----------------------------------------------------------


class Moody:
    """A page without the zeros at its end; by the page's first byte it fails or lies instead."""

    name = "moody"

    def compress(self, page: compressors.Data) -> bytes:
        mood = self.mood(page)
        if mood == "fails":
            raise RuntimeError("the moody compressor fails on this page")
        if mood == "too long":
            return bytes(2 * layout.PAGE_SIZE)
        if mood == "nothing":
            return b""
        packed = bytes(page).rstrip(b"\0")
        return LOST + packed[1:100] if mood == "loses" else b"\0" + packed

    def decompress(self, data: compressors.Data) -> bytes:
        data = bytes(data)
        if data[:1] == LOST:
            return data  # not a page
        return data[1:].ljust(layout.PAGE_SIZE, b"\0")

    @staticmethod
    def mood(page: compressors.Data) -> str:
        """What it does with a page."""
        moods = {1: "fails", 2: "too long", 3: "nothing", 4: "loses"}
        return moods.get(int(page[0]) & 31, "works")


compressors.register(Moody())


def damaged(page: Page) -> bool:
    """Whether the moody compressor loses such a page."""
    return isinstance(page, bytes) and Moody.mood(page) == "loses"


# --- what a page holds -------------------------------------------------------------------------


def _palette() -> np.ndarray:
    """Pages that compress well, badly and not at all, uint8 (64, 4096)."""
    rng = np.random.Generator(np.random.PCG64(2013))
    pages = np.zeros((64, layout.PAGE_SIZE), np.uint8)
    for i, length in enumerate(np.linspace(0, layout.PAGE_SIZE, 64).astype(int)):
        pages[i, :length] = rng.integers(0, 256, length, np.uint8)
    return pages


PALETTE = _palette()
SAME_FILLED = 4  #: one page in so many is


def contents(pair: Pair, key: int, count: int) -> list[Page]:
    """`count` pages made from a number."""
    keys = key + np.arange(count) * 0x9E3779B97F4A7
    if not pair.with_bytes:
        return (keys % (layout.PAGE_SIZE + 2) - 1).tolist()
    pages = PALETTE[keys >> 8 & 63]
    pages[:, :8] = keys[:, None].view(np.uint8)
    same = keys >> 16 & (SAME_FILLED - 1) == 0
    pages[same] = (keys[same] & 0xE0)[:, None]
    return [page.tobytes() for page in pages]


# --- operations --------------------------------------------------------------------------------


class Action(NamedTuple):
    """An operation of a round. weight: how often, of the sum of all."""

    weight: int
    run: Callable[[Pair, int, int, int], Any]


def action(weight: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of (pair, a, b, c) something that a round does."""

    def add(run: Callable[..., Any]) -> Callable[..., Any]:
        ACTIONS.append(Action(weight, run))
        return run

    return add


ACTIONS: list[Action] = []


def pick(of: Any, number: int) -> Any:
    """One of a dict's keys or a list's items; None if there is none."""
    items = list(of)
    return items[number % len(items)] if items else None


def some_pages(pair: Pair, a: int, b: int, c: int) -> tuple[int, int, int] | None:
    """A process, its first page, how many; None if no process is alive."""
    process = pick(pair.sizes, a)
    if process is None:
        return None
    size = pair.sizes[process]
    first = b % size
    return process, first, 1 + c % min(size - first, 96)


@action(4)
def create_process(pair: Pair, a: int, b: int, c: int) -> None:
    if len(pair.sizes) < 8:
        pair.create_process(1 + a % (pair.machine.config.frames // 2))


@action(2)
def exit(pair: Pair, a: int, b: int, c: int) -> None:
    if len(pair.sizes) > 1:
        pair.exit(pick(pair.sizes, a))


@action(40)
def write(pair: Pair, a: int, b: int, c: int) -> None:
    if (run := some_pages(pair, a, b, c)) is not None:
        process, first, count = run
        pair.write(process, first, contents(pair, c, count))


@action(20)
def touch(pair: Pair, a: int, b: int, c: int) -> None:
    if (run := some_pages(pair, a, b, c)) is not None:
        process, first, count = run
        step = 1 + c % 7
        pages = [page * step % pair.sizes[process] for page in range(first, first + count)]
        pair.touch(process, pages, write=bool(a & 1))


@action(20)
def read(pair: Pair, a: int, b: int, c: int) -> None:
    if (run := some_pages(pair, a, b, c)) is None:
        return
    if pair.with_bytes:
        pair.read(*run)
    else:
        pair.touch(run[0], range(run[1], run[1] + run[2]), write=False)


@action(5)
def peek(pair: Pair, a: int, b: int, c: int) -> None:
    if (run := some_pages(pair, a, b, c)) is not None:
        pair.peek(run[0], run[1])


@action(4)
def reclaim(pair: Pair, a: int, b: int, c: int) -> None:
    pair.reclaim(1 + a % 200)


@action(8)
def alloc_pages(pair: Pair, a: int, b: int, c: int) -> None:
    if sum(1 << order for order in pair.blocks.values()) < pair.machine.config.frames // 6:
        kind = ("unmovable", "reclaimable", "movable")[b % 3]
        pair.alloc_pages(min(a % 14, (a >> 8) % 6), kind, direct=bool(c & 1))


@action(8)
def free_pages(pair: Pair, a: int, b: int, c: int) -> None:
    lent = {pfn for start, end in pair.ranges for pfn in range(start, end)}
    if (pfn := pick([pfn for pfn in pair.blocks if pfn not in lent], a)) is not None:
        pair.free_pages(pfn)


@action(3)
def pin(pair: Pair, a: int, b: int, c: int) -> None:
    if pair.pins.total() < 40:
        pair.pin(a % pair.machine.config.frames)


@action(3)
def unpin(pair: Pair, a: int, b: int, c: int) -> None:
    if (pfn := pick(pair.pins, a)) is not None:
        pair.unpin(pfn)


@action(3)
def compact(pair: Pair, a: int, b: int, c: int) -> None:
    pair.compact(a % 12 - 1, sync=bool(b & 1))


@action(1)
def rescan(pair: Pair, a: int, b: int, c: int) -> None:
    pair.machine.rescan()


@action(4)
def alloc_contig_range(pair: Pair, a: int, b: int, c: int) -> None:
    first, last = pair.machine.cma_area if pair.machine.config.cma_pages else (0, 0)
    if last > first and len(pair.ranges) < 3:
        start = first + a % (last - first)
        pair.alloc_contig_range(start, min(last, start + 1 + b % 256))


@action(4)
def free_contig_range(pair: Pair, a: int, b: int, c: int) -> None:
    if pair.ranges:
        pair.free_contig_range(a % len(pair.ranges))


@action(1)
def set_max_pool_percent(pair: Pair, a: int, b: int, c: int) -> None:
    pair.machine.set_max_pool_percent(a % 60 if a & 1024 else 20)


@action(1)
def set_zbud_movable(pair: Pair, a: int, b: int, c: int) -> None:
    if pair.machine.config.zbud == "series":
        pair.machine.set_zbud_movable(bool(a & 1))


@action(12)
def zbud_alloc(pair: Pair, a: int, b: int, c: int) -> None:
    if len(pair.handles) < pair.machine.config.frames // 6:
        pair.zbud_alloc(1 + a % layout.ZBUD_MAX_SIZE)


@action(10)
def zbud_free(pair: Pair, a: int, b: int, c: int) -> None:
    owned = [handle for handle, known in pair.handles.items() if known.owned]
    if (handle := pick(owned, a)) is not None:
        pair.zbud_free(handle)


@action(5)
def zbud_map(pair: Pair, a: int, b: int, c: int) -> None:
    if (handle := pick(pair.handles, a)) is not None:
        pair.zbud_map(handle)


@action(5)
def zbud_unmap(pair: Pair, a: int, b: int, c: int) -> None:
    mapped = [handle for handle, known in pair.handles.items() if known.maps]
    if (handle := pick(mapped, a)) is not None:
        pair.zbud_unmap(handle)


@action(2)
def inject(pair: Pair, a: int, b: int, c: int) -> None:
    if pair.machine.config.seed & FAULTY:
        pair.machine.inject(FAULTS[a % len(FAULTS)], 1 + b % 30)


@action(12)
def mend(pair: Pair, a: int, b: int, c: int) -> None:
    if pair.machine.config.seed & FAULTY:
        for fault in FAULTS:
            pair.machine.inject(fault, 0)


# --- rounds ------------------------------------------------------------------------------------

FAULTY = 1  #: bit of a machine's seed: faults are injected
#: Kernels and allocators of rounds.
MACHINES = [
    (profile, zpool)
    for profile in ("3.12-fixed", "6.1", "7.2", "7.3")
    for zpool in allocators_of(profile)
]


def setup(seed: int, number: int) -> MachineConfig:
    """The machine of a round."""
    rng = np.random.Generator(np.random.PCG64([seed, number]))
    cma = int(rng.integers(0, 2)) * layout.MAX_ORDER_NR_PAGES
    zbud = ("series", "plain")[rng.integers(0, 3) // 2]
    page_bytes = bool(rng.integers(0, 3) == 0)
    faulty = bool(rng.integers(0, 3) == 0)
    profile, zpool = MACHINES[rng.integers(len(MACHINES))]
    return MachineConfig(
        frames=cma + (2048 if cma else int(rng.integers(256, 2048))),
        pageblock_order=int(rng.choice([9, 9, 5])),
        page_bytes=page_bytes,
        cma_pages=cma,
        zbud=zbud,
        zswap=bool(rng.integers(0, 8)),
        compressor=("moody" if faulty else ("lz4", "moody")[0]),
        max_pool_percent=int(rng.choice([5, 20, 50])),
        profile=profile,
        zpool=zpool,
        swap_pages=None if rng.integers(0, 4) else 1024,
        seed=FAULTY if faulty else 0,
        log=False,
        threads=1,
    )


def script(seed: int, number: int, operations: int = OPERATIONS) -> np.ndarray:
    """The operations of a round, int64 (n, 4): an action, and three numbers for it."""
    rng = np.random.Generator(np.random.PCG64([seed, number, 1]))
    weights = np.array([action.weight for action in ACTIONS])
    rows = rng.integers(0, 1 << 40, (operations, 4))
    rows[:, 0] = rng.choice(len(ACTIONS), operations, p=weights / weights.sum())
    return rows


class Failed(Exception):
    """A round went wrong. at: number of its operation, or how many there were; pair: what was."""

    def __init__(self, at: int, pair: Pair, cause: Exception) -> None:
        super().__init__(f"after {at} operations: {type(cause).__name__}: {cause}")
        self.at, self.pair, self.cause = at, pair, cause


def play(config: MachineConfig, rows: np.ndarray, every: int) -> tuple[Pair, int, int]:
    """Run operations: the machine and its twin, how often checked, pages compared at the end.

    every: engine operations between two checks. Raises Failed.
    """
    pair = Pair(Machine(config), damaged)
    at = checked = 0
    checks = 1
    try:
        while at < len(rows):
            which, a, b, c = rows[at].tolist()
            ACTIONS[which].run(pair, a, b, c)
            done = pair.done().total()
            if done - checked >= every:
                pair.check()
                checks += 1
                checked = done
            at += 1
        pair.check()
        return pair, checks, pair.verify()
    except Exception as error:
        raise Failed(at, pair, error) from error


# --- a failed round ----------------------------------------------------------------------------


def likeness(error: Exception) -> str:
    """What failures of the same kind have in common: all but the numbers."""
    return f"{type(error).__name__}: " + re.sub(r"[0-9a-f]*[0-9][0-9a-f]*", "#", str(error))


def failure(config: MachineConfig, rows: np.ndarray, every: int = 1) -> Failed | None:
    """How operations fail; None if they do not."""
    try:
        play(config, rows, every)
    except Failed as failed:
        return failed
    return None


def shrunk(config: MachineConfig, rows: np.ndarray, failed: Failed, seconds: float) -> np.ndarray:
    """The shortest part of a failing list found in that time that fails in the same way.

    First what came after the failure goes, then every chunk that can, from halves to single ones.
    """
    wanted, end = likeness(failed.cause), time.monotonic() + seconds
    best = rows[: failed.at + 1]
    size = start = len(best)  # at first nothing is left out: a check after each comes earlier
    while size and time.monotonic() < end:
        part = np.delete(best, slice(start, start + size), axis=0)
        found = failure(config, part)
        if found and likeness(found.cause) == wanted:
            best = part[: found.at + 1]
        else:
            start += size
        if start >= len(best):
            size, start = min(size, len(best)) // 2, 0
    return best


def save_failure(config: MachineConfig, rows: np.ndarray, path: Path) -> Failed | None:
    """Run a failing list once more with a log, and save that; how it failed this time."""
    failed = failure(replace(config, log=True), rows)
    if failed:
        failed.pair.machine.save_log(path)
    return failed
