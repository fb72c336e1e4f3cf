"""Recorded traces of real machines and programs, replayed on the simulated allocator and zswap.

`replay(kind, path)` runs a trace and returns `Figures`. The readers return its records in batches,
for other uses:

    for batch in BlockEvents("perf.txt.zst"):
        batch.records["order"]

Kinds: kmem (text of perf, trace-cmd or ftrace with kmem:mm_page_alloc and mm_page_free), lackey
(valgrind), addresses (lines of an address and R or W), blocks and pages (CSV or Parquet, columns
as BLOCK_COLUMNS and PAGE_COLUMNS).
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.io.arguments import checked
from zbudlab.io.streams import Malformed, TraceError, name_of
from zbudlab.layout import MIGRATE_MOVABLE, MIGRATE_NAMES, MIGRATE_RESERVE, PAGE_SIZE
from zbudlab.machine.errors import ConfigError
from zbudlab.traces import blocks as block_events
from zbudlab.traces.columns import Column, Table
from zbudlab.traces.event_lines import NR_ORDERS, NR_TYPES
from zbudlab.traces.figures import Figures
from zbudlab.traces.kmem import NUMBERING, BlockEvents
from zbudlab.traces.lackey import PageUses
from zbudlab.traces.pages import PageReplay
from zbudlab.traces.use_lines import LACKEY, PLAIN
from zbudlab.traces.zone import BlockReplay

__all__ = ["KINDS", "BlockEvents", "Figures", "Malformed", "PageUses", "Table", "replay"]

Progress = Callable[[int], object]

TYPE_NUMBERS = {name: number for number, name in enumerate(MIGRATE_NAMES[:MIGRATE_RESERVE])}
TIME = Column("time", default=-1, low=-1, high=9 * 10**9, real=True)  # seconds, as int64 of ns
#: Blocks of page frames: `event` is alloc or free, `pfn` the first frame, `migratetype` a name.
BLOCK_COLUMNS = (
    Column("event", high=1, words={"free": 0, "alloc": 1}),
    Column("pfn", high=layout.NO_FRAME),  # this value = the block was refused
    Column("order", default=0, high=NR_ORDERS - 1),
    Column("migratetype", default=MIGRATE_MOVABLE, high=NR_TYPES - 1, words=TYPE_NUMBERS),
    TIME,
)
ENDS = -1  #: in place of a page's number: the process ends
#: Pages of processes: `write` 1 = written, `length` its compressed length after that, bytes.
PAGE_COLUMNS = (
    Column("page", low=ENDS),
    Column("process", default=0),
    Column("write", default=0, high=1, words={"false": 0, "true": 1}),
    Column("length", default=-1, low=-1, high=2 * PAGE_SIZE),
    TIME,
)


class Settings(NamedTuple):
    """How a trace is replayed. None = the default for this kind. more: settings of the machine."""

    frames: int | None = None
    every: int = 1024
    what: str | None = None
    more: dict[str, Any] = {}  # noqa: RUF012  # never changed


def _frames(settings: Settings, default: int) -> int:
    return default if settings.frames is None else settings.frames


def _no_machine(kind: str, settings: Settings) -> None:
    said = [*(["content"] if settings.what is not None else []), *settings.more]
    if said:
        named = ", ".join(said)
        raise ConfigError(f"a {kind} trace needs the page allocator only: {named} has no effect")


def _nothing(path: str | Path, reader: Any, what: str) -> TraceError:
    first = "".join(f"; {line}" for line in reader.malformed.lines()[:1])
    return TraceError(f"{name_of(path)}: it has no {what}{first}")


# --- blocks ------------------------------------------------------------------------------------


def _zone(settings: Settings) -> BlockReplay:
    return BlockReplay(_frames(settings, 65536), every=settings.every)


def _block_figures(kind: str, reader: Any, zone: BlockReplay, more: dict[str, int]) -> Figures:
    if not zone.done:
        raise _nothing(reader.path, reader, "block allocated or freed")
    counts = {"events": zone.done}
    counts |= dict(zip(block_events.COUNTS, zone.counts.tolist(), strict=False))
    counts |= {"blocks in use at the end": int(zone.counts[block_events.LIVE]), **more}
    frames = len(zone.state.frames)
    figures = Figures(kind, name_of(reader.path), frames, counts, zone.finish(), reader.malformed)
    figures.notes += _notes(zone)
    return figures


def _replay_kmem(path: str | Path, settings: Settings, progress: Progress) -> Figures:
    _no_machine("kmem", settings)
    reader, zone = BlockEvents(path), _zone(settings)
    for batch in reader:
        if len(batch.records):
            zone.feed(batch.records, NUMBERING[reader.numbering])
        progress(batch.position)
    more = {"events of other kinds": reader.other, "events lost by the recorder": reader.lost}
    if reader.steals:
        more["pageblocks' types overridden (extfrag)"] = reader.steals
    if reader.stack:
        more["lines of call chains"] = reader.stack
    figures = _block_figures("kmem", reader, zone, more)
    figures.notes.append(f"migrate types are numbered {reader.numbering}")
    if reader.losses:
        figures.notes.append(
            f"more events were lost: the recorder says so {_times(reader.losses)} without a number"
        )
    return figures


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _notes(zone: BlockReplay) -> list[str]:
    """Return warnings about a trace without frees, or one that needs more memory than there is."""
    counts = dict(zip(block_events.COUNTS, zone.counts.tolist(), strict=False))
    notes = []
    if counts["allocations"] > counts["refused there"] and not counts["frees"]:
        notes.append("no block is freed in this trace: was mm_page_free recorded?")
    if counts["frees"] and not counts["allocations"]:
        notes.append("no block is allocated in this trace: was mm_page_alloc recorded?")
    if counts["refused"]:
        notes.append(
            f"{counts['refused']} of {counts['allocations']} allocations that the traced machine "
            "met were refused here: use more --frames"
        )
    return notes


def _events(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return the rows of a table as layout.block_event."""
    events = np.zeros(len(columns["pfn"]), layout.block_event)
    events["time"] = np.where(columns["time"] < 0, -1, columns["time"] * 1e9)
    events["pfn"] = columns["pfn"]
    events["order"] = columns["order"]
    events["migratetype"] = columns["migratetype"]
    events["alloc"] = columns["event"]
    return events


def _replay_blocks(path: str | Path, settings: Settings, progress: Progress) -> Figures:
    _no_machine("blocks", settings)
    table, zone = (
        Table(path, BLOCK_COLUMNS),
        BlockReplay(_frames(settings, 65536), every=settings.every),
    )
    for columns in table:
        zone.feed(_events(columns), tuple(TYPE_NUMBERS.values()))
        progress(table.position)
    return _block_figures("blocks", table, zone, {})


# --- pages -------------------------------------------------------------------------------------


def _page_replay(settings: Settings) -> PageReplay:
    frames = _frames(settings, 16384)
    what = "mixed" if settings.what is None else settings.what
    return PageReplay(what=what, every=settings.every, frames=frames, **settings.more)


def _page_figures(kind: str, reader: Any, pages: PageReplay, more: dict[str, int]) -> Figures:
    if not pages.done:
        raise _nothing(reader.path, reader, "use of a page")
    samples = pages.finish()
    counts = {**more, "uses of pages": pages.done, "pages": pages.total}
    counts |= {"processes that ended": pages.ended}
    frames = pages.machine.config.frames
    return Figures(kind, name_of(reader.path), frames, counts, samples, reader.malformed)


def _replay_uses(
    kind: str, form: int, path: str | Path, settings: Settings, progress: Progress
) -> Figures:
    reader, pages = PageUses(path, form=form), _page_replay(settings)
    for batch in reader:
        if len(batch.records):
            pages.use(0, batch.records["page"], batch.records["write"])
        progress(batch.position)
    figures = _page_figures(kind, reader, pages, {"references": reader.references})
    kept = f"{len(reader.recent)} pages or more"
    figures.notes.append(f"references that change nothing for LRU memory of {kept} are left out")
    return figures


def _by_process(columns: dict[str, np.ndarray]) -> Iterator[slice]:
    """Return ranges of rows of one process that either use pages or end it."""
    process, ends = columns["process"], columns["page"] == ENDS
    change = (np.diff(process) != 0) | ends[1:] | ends[:-1]
    bounds = [0, *(np.flatnonzero(change) + 1).tolist(), len(process)]
    return (slice(start, end) for start, end in pairwise(bounds) if end > start)


def _replay_pages(path: str | Path, settings: Settings, progress: Progress) -> Figures:
    table, pages = Table(path, PAGE_COLUMNS), _page_replay(settings)
    start = None
    for columns in table:
        for rows in _by_process(columns):
            process, times = int(columns["process"][rows][0]), columns["time"][rows]
            start = float(times[0]) if start is None else start
            pages.seconds = float(times[-1]) - start if times[-1] >= 0 else None
            if columns["page"][rows][0] == ENDS:
                pages.exit(process)
            else:
                used = (columns[name][rows] for name in ("page", "write", "length"))
                pages.use(process, *used)
        progress(table.position)
    return _page_figures("pages", table, pages, {})


#: How a trace of each kind is replayed.
KINDS: dict[str, Callable[[str | Path, Settings, Progress], Figures]] = {
    "kmem": _replay_kmem,
    "lackey": partial(_replay_uses, "lackey", LACKEY),
    "addresses": partial(_replay_uses, "addresses", PLAIN),
    "blocks": _replay_blocks,
    "pages": _replay_pages,
}


@checked()
def replay(
    kind: str,
    path: str | Path,
    *,
    frames: int | None = None,
    every: int = 1024,
    what: str | None = None,
    progress: Progress = lambda position: None,
    **settings: Any,
) -> Figures:
    """Run a trace on a simulated machine and return figures over time and at the end.

    kind: a key of KINDS. path: plain, .gz or .zst, `-` for standard input. frames: page frames of
    the machine, by default 65536 for blocks, 16384 for pages. every: events between two samples,
    at first. what: the content of pages that are written (a name of `zbudlab.workload.content`, by
    default mixed). settings: more of MachineConfig; like `what`, for pages only. progress: called
    with the number of bytes of the file read so far.

    Raises TraceError for a file that has no such trace, ConfigError for an impossible machine.
    """
    if kind not in KINDS:
        raise TraceError(f"unknown kind of trace {kind!r}; known are {', '.join(KINDS)}")
    return KINDS[kind](path, Settings(frames, every, what, settings), progress)
