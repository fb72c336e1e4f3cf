"""The main job's results, as a table for people and as values for programs."""

from collections.abc import Callable, Sequence
from typing import Any

from zbudlab import layout
from zbudlab._version import __version__
from zbudlab.content.sources import Content
from zbudlab.io.values import human
from zbudlab.mainjob.job import SCENARIOS, JobPlan, Outcome


def _refused(outcome: Outcome) -> str:
    """Format the pages that zswap refused, by reason.

    A page that was not refused by the pool's allocator met a full pool.
    """
    by_zbud = {
        "poor": outcome.rejects["reject_compress_poor"],
        "no frame": outcome.rejects["reject_alloc_fail"],
    }
    reasons = {"pool full": outcome.refused - sum(by_zbud.values())} | by_zbud
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count) or "-"


Rows = tuple[tuple[str, Callable[[Outcome], str]], ...]
BYTES_NOT_SIMULATED = "bytes not simulated"

#: Reasons of `blockers`, as the table groups them.
HELD_BY_ZBUD = ("unmovable zbud", "kernel and zbud")
HELD = ("kernel", "pinned")
LEFT = ("watermark", "hints", "scanners met")


def _blockers(outcome: Outcome, reasons: tuple[str, ...]) -> str:
    """Format the number of blocks with one of these reasons."""
    return str(sum(outcome.blockers.get(reason, 0) for reason in reasons))


def _of(count: int, whole: int) -> str:
    """Format a count out of a whole."""
    return f"{count} of {whole}" if whole else "-"


def _of_pages(outcome: Outcome, count: int | None) -> str:
    """Format a count of pages out of all pages."""
    return f"{count} of {outcome.pages}"


def _grown(part: str) -> Callable[[Outcome], str]:
    """Return a function that formats the host memory of a part of the machine."""
    return lambda outcome: human(outcome.host_bytes[part])


def _ratio(value: float) -> str:
    """Format a ratio; - for 0."""
    return f"{value:.2f}" if value else "-"


#: Rows of the table: the label, and how to format it from an outcome.
ROWS: Rows = (
    ("under pressure", lambda o: ""),
    ("  pages swapped out", lambda o: f"{o.swapped} of {o.pages}"),
    ("  of them in zswap", lambda o: str(o.stored_pages)),
    ("  pool pages", lambda o: str(o.pool_pages)),
    ("  stored pages per pool page", lambda o: _ratio(o.density)),
    ("  compressed to", lambda o: f"{o.compression:.0%}" if o.compression else "-"),
    ("  pool limit hit", lambda o: str(o.rejects["pool_limit_hit"])),
    ("  refused by zswap", _refused),
    ("  written back to swap", lambda o: str(o.rejects.get("written_back_pages", 0))),
    ("after processes exited", lambda o: ""),
    ("  free pages", lambda o: str(o.free_pages)),
    ("  pool pages", lambda o: str(o.pool_pages_left)),
    ("  order-{order} blocks if all were contiguous", lambda o: str(o.blocks_ideal)),
    ("  order-{order} blocks available", lambda o: str(o.blocks_before)),
    ("  order-{order} blocks after compaction", lambda o: str(o.blocks_after)),
    ("  pages moved", lambda o: str(o.pages_moved)),
    ("  moves that failed", lambda o: str(o.pages_failed)),
    (
        "  order-{order} blocks held by unmovable {pool} pages",
        lambda o: _blockers(o, HELD_BY_ZBUD),
    ),
    ("  order-{order} blocks held by other unmovable pages", lambda o: _blockers(o, HELD)),
    ("  order-{order} blocks that compaction did not empty", lambda o: _blockers(o, LEFT)),
    ("  CMA requests met", lambda o: _of(o.cma_given, o.cma_asked)),
    ("pages intact", lambda o: BYTES_NOT_SIMULATED if o.intact is None else _of_pages(o, o.intact)),
)

GROWING = ("tree nodes", "zswap entries", "page tables", "swap")
#: Rows instead of intact pages where pages have no bytes.
PROOF_ROWS: Rows = (
    ("owners and handles proved", lambda o: _of_pages(o, o.proved)),
    ("  in {pool} pages that moved", lambda o: str(o.moved_with_handle)),
    ("host memory", lambda o: human(sum(o.host_bytes.values()))),
    ("  frames", lambda o: human(o.host_bytes["frames"])),
    *((f"  {part}", _grown(part)) for part in GROWING),
)
TIME_ROWS: Rows = (("seconds", lambda o: f"{o.seconds:.1f}"),)


def side_by_side(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Format a table as text: a name in front of each row, columns under their headings."""
    left = max(len(name) for name, _ in rows)
    widths = [max(map(len, column)) for column in zip(heads, *(c for _, c in rows), strict=True)]
    lines = []
    for name, cells in [("", heads), *rows]:
        values = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(f"{name.ljust(left)}  {values}".rstrip())
    return "\n".join(lines)


def table(outcomes: list[Outcome], order: int, *, timed: bool = True) -> str:
    """Format the machines side by side.

    order: of the blocks. timed: whether to include what differs from run to run.
    """
    (_, *heads), *listed = rows(outcomes, order, timed=timed)
    return side_by_side(heads, [(name, cells) for name, *cells in listed])


def rows(outcomes: list[Outcome], order: int, *, timed: bool = True) -> list[list[str]]:
    """Return the lines of `table` as lists of text; the first has the names of the machines."""
    chosen = ROWS
    if any(outcome.intact is None for outcome in outcomes):
        chosen += PROOF_ROWS
    if timed:
        chosen += TIME_ROWS
    heads = ["", *(outcome.variant for outcome in outcomes)]
    pool = "zbud" if all(outcome.allocator == "zbud" for outcome in outcomes) else "pool"
    names = [name.format(order=order, pool=pool) for name, _ in chosen]
    return [
        heads,
        *([name, *map(get, outcomes)] for name, (_, get) in zip(names, chosen, strict=True)),
    ]


def headline(outcomes: list[Outcome], order: int) -> str:
    """State the result in one sentence, from the figures alone."""
    pair = [o for o in outcomes if o.variant.endswith(("unmovable", " movable"))]
    if len(pair) < 2:
        return _each(outcomes, order)
    fixed, moving = pair
    gained = moving.blocks_after - fixed.blocks_after
    blocks = f"order-{order} blocks after compaction"
    figures = f"{fixed.blocks_after} -> {moving.blocks_after}"
    pages = f"Movable {moving.allocator} pages"
    if gained > 0:
        return f"{pages}: {figures} {blocks}, of {moving.blocks_ideal} possible."
    effect = "cost blocks here" if gained < 0 else "change nothing here"
    return f"{pages} {effect}: {figures} {blocks}."


def _each(outcomes: list[Outcome], order: int) -> str:
    """State the blocks of each machine, where no two differ only in whether pages move."""
    found = (f"{o.variant}: {o.blocks_after} of {o.blocks_ideal} possible" for o in outcomes)
    return f"Order-{order} blocks after compaction, {'; '.join(found)}."


def thought_experiments(outcomes: list[Outcome]) -> str:
    """Return a line for each machine that no kernel resembles, or ""."""
    return "".join(f"{o.variant}: {o.hypothetical}\n" for o in outcomes if o.hypothetical)


def _files(content: Content) -> str:
    """Describe the files of a content."""
    files = "1 file" if content.files == 1 else f"{content.files} files"
    skipped = f" ({content.skipped} could not be read)" if content.skipped else ""
    return f"{files}{skipped}, {len(content.pages)} pages"


def introduction(plan: JobPlan, content: Content) -> str:
    """Describe what is about to be done, and with what."""
    what = content.lengths or _files(content)
    size = human(plan.config.frames * layout.PAGE_SIZE)
    return (
        f"input: {what}, SHA-256 {content.sha256}\n"
        f"machine: {plan.config.frames} frames ({size}), pool at most "
        f"{plan.config.max_pool_percent} %, {plan.config.compressor}, rules of "
        f"{plan.config.profile}\n"
        f"machines: {', '.join(plan.variants)}\n"
        f"workload: {plan.processes} processes of {plan.process_pages} pages; "
        f"{plan.scenario}: {SCENARIOS[plan.scenario]}"
    )


def verdict(outcomes: list[Outcome]) -> str:
    """Return `N of N pages intact`, over all machines.

    Without page bytes it says what was proved instead, and the first fault of each machine.
    """
    pages = sum(outcome.pages for outcome in outcomes)
    if any(outcome.intact is None for outcome in outcomes):
        proved = sum(outcome.proved or 0 for outcome in outcomes)
        faults = "".join(f"\n{o.variant}: {o.fault}" for o in outcomes if o.fault)
        result = f"owners and handles of {proved} of {pages} pages proved{faults}"
        return f"{BYTES_NOT_SIMULATED}; {result}"
    intact = sum(outcome.intact or 0 for outcome in outcomes)
    return f"{intact} of {pages} pages intact"


def all_well(outcomes: list[Outcome]) -> bool:
    """Return whether every page is intact or, without page bytes, proved."""
    found = [o.proved if o.intact is None else o.intact for o in outcomes]
    return found == [outcome.pages for outcome in outcomes]


def as_json(plan: JobPlan, content: Content, outcomes: list[Outcome]) -> dict[str, Any]:
    """Return all results as plain values."""
    return {
        "zbudlab": __version__,
        "input": {
            "files": content.files,
            "pages": len(content.pages),
            "sha256": content.sha256,
        },
        "plan": {
            "scenario": plan.scenario,
            "pressure": plan.pressure,
            "exits": plan.exits,
            "order": plan.order,
            "processes": plan.processes,
            "process_pages": plan.process_pages,
            "machines": list(plan.variants),
            "config": plan.config.as_dict(),
        },
        "outcomes": [outcome.as_dict() for outcome in outcomes],
    }
