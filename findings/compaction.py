"""Does compaction pay: tables and figure from the sweep of compaction.toml."""

from itertools import pairwise

import pandas as pd
from matplotlib.figure import Figure

from findings.common import (
    FOLDER,
    Claim,
    Interval,
    figure,
    interval,
    line,
    markdown,
    name_lines,
    of_group,
    present,
)
from findings.patch import FREED
from zbudlab.analysis import recorded
from zbudlab.experiments.patch import recorded_run
from zbudlab.view.look import tokens

PROCESSES, FIXED, MOVABLE = KINDS = ("processes", "zbud unmovable", "zbud movable")
FILL = 0.9
SHORT = {"kind": list(KINDS), "frames": 16384, "fill": FILL, "freed": [0.5, 0.9]}


def _of(rows: pd.DataFrame, kind: str, freed: float) -> pd.DataFrame:
    here = rows[(rows["kind"] == kind) & (rows["freed"] == freed)]
    return here.assign(won=here["blocks_after"] - here["blocks_before"])


def won(rows: pd.DataFrame, kind: str, freed: float) -> Interval:
    """Return the blocks that compaction gained."""
    return interval(_of(rows, kind, freed)["won"])


def price(rows: pd.DataFrame, kind: str, freed: float) -> Interval | None:
    """Return pages moved per block gained; None where a seed gained none."""
    here = _of(rows, kind, freed)
    return interval(here["pages_moved"] / here["won"]) if (here["won"] > 0).all() else None


def load(freed: float) -> float:
    """Return the share of memory in use when compaction begins, percent."""
    return 100 * FILL * (1 - freed)


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return a table of blocks gained and their price by load, and one of recorded runs."""
    lines = []
    for freed in present(rows, "freed"):
        cells = [f"{load(freed):.1f} %"]
        for kind in KINDS:
            paid = price(rows, kind, freed)
            cells += [str(won(rows, kind, freed)), paid.shown("{:.0f}") if paid else "-"]
        lines.append([*cells, interval(_of(rows, MOVABLE, freed)["blocks_ideal"]).shown("{:.0f}")])
    heads = ["memory in use"]
    for kind in KINDS:
        heads += [f"{kind}: blocks gained", "pages moved per block"]
    price_table = markdown([*heads, "blocks if all free pages were adjacent"], lines)
    return {"price": price_table, "recorded": _recorded()}


def _huge(stage: recorded.RecordedStage) -> int:
    """Return the blocks of order 9 in the free lists of the recorded zone."""
    free = stage["free_blocks_by_order"][recorded.ZONE]
    return free[9] + 2 * free[10]


def _recorded() -> str:
    """Return a table of compact_memory on a running kernel, and of the pages ours moved."""
    ours = pd.read_csv(FOLDER / "patch.csv")
    lines = []
    for freed in FREED:
        run = recorded_run(freed, PROCESSES)
        before, after = run["stages"][2:4]
        count = "pgmigrate_success"
        moved = after["vmstat"][count] - before["vmstat"][count]
        gained = _huge(after) - _huge(before)
        predicted = of_group(ours, "moved", freed=freed, memory=PROCESSES).shown("{:.0f}")
        lines.append([FREED[freed], gained, moved, round(moved / gained), predicted])
    heads = ["freed, of 36000 pages", "blocks gained, kernel", "pages moved, kernel"]
    return markdown([*heads, "pages moved per block, kernel", "pages moved, ours"], lines)


def draw(rows: pd.DataFrame) -> Figure:
    """Draw blocks gained on the left, pages moved for each on the right, over the load."""
    drawn, (left, right) = figure(2)
    freed = present(rows, "freed")
    for number, kind in enumerate(KINDS):
        line(left, [load(f) for f in freed], [won(rows, kind, f) for f in freed], number, kind)
        paid = [(f, found) for f in freed if (found := price(rows, kind, f))]
        if paid:
            line(right, [load(f) for f, _ in paid], [found for _, found in paid], number, kind)
    left.set_ylabel("blocks of order 9 gained")
    left.set_title("Where zbud cannot move, compaction gains nothing")
    right.set_ylabel("pages moved for each block")
    right.set_title("In a fuller memory a block costs more")
    right.axhline(512, color=tokens.colour("edge"), linestyle="--", linewidth=0.9)
    right.annotate("512: a whole block's pages", (5, 512), (0, 4), textcoords="offset points")
    right.set_ylim(bottom=0)
    for ax in (left, right):
        ax.set_xlabel("memory in use, %")
        name_lines(ax)
    return drawn


def _dearer(rows: pd.DataFrame) -> bool:
    paid = [p for f in sorted(present(rows, "freed")) if (p := price(rows, MOVABLE, f))]
    return len(paid) > 1 and all(a.mean > b.mean for a, b in pairwise(paid))


def _none_unmovable(rows: pd.DataFrame) -> bool:
    return all(won(rows, FIXED, freed).mean < 0.5 for freed in present(rows, "freed"))


CLAIMS = (
    Claim("A block costs more pages the more of memory is in use", _dearer),
    Claim("Where zbud cannot move, compaction gains nothing", _none_unmovable),
)
