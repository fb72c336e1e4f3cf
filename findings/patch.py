"""The patch's effect: tables and figure from the sweep of patch.toml."""

from functools import cache

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from findings.common import (
    Claim,
    figure,
    look,
    markdown,
    of_group,
    present,
)
from zbudlab.analysis import recorded
from zbudlab.experiments.patch import RECORDED, recorded_run
from zbudlab.view.look import tokens

PROCESSES, FIXED, MOVABLE = MEMORY = ("processes", "zbud cannot move", "zbud movable")
FREED = {
    "every2": "every 2nd",
    "p250": "25 % at random",
    "rand2": "50 % at random",
    "rand4": "75 % at random",
    "p900": "90 % at random",
    "p990": "99 % at random",
    "firsthalf": "first half",
}
ZSMALLOC_PAGES = 54000  #: stored, in 36000 pages of the pool
SHORT = {"freed": ["rand2", "p990"], "memory": list(MEMORY)}


def kernel(freed: str, memory: str) -> int:
    """Return how many blocks a running Linux 6.1 supplied at the first request."""
    return recorded.huge_pages(recorded_run(freed, memory))[0]


@cache
def zsmalloc() -> dict[str, tuple[int, int]]:
    """Return blocks of a running Linux 6.1 with 36000 zsmalloc pages: first and second request."""
    return {
        run["free_pattern"]: recorded.huge_pages(run)
        for run in recorded.read_runs(RECORDED)
        if run["run"].startswith("zsmalloc-")
        and run["page_tables"] == recorded.CLEAN
        and run["pages_written"] == ZSMALLOC_PAGES
    }


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return a table of blocks by pattern and memory, next to those of the kernel."""
    lines = []
    for freed in present(rows, "freed"):
        got = {m: of_group(rows, "first_ask", freed=freed, memory=m) for m in MEMORY}
        theirs = [kernel(freed, memory) for memory in (PROCESSES, FIXED)]
        cells = [FREED[freed], theirs[0], got[PROCESSES], theirs[1], got[FIXED], got[MOVABLE]]
        asks = zsmalloc().get(freed)
        lines.append([*cells, f"{asks[0]} / {asks[1]}" if asks else "-"])
    heads = ["freed", "processes: kernel", "ours", "zbud: kernel", "ours, cannot move"]
    heads += ["ours, movable", "zsmalloc: kernel, first / second request"]
    return {"blocks": markdown(heads, lines)}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw means and intervals next to the figures of the kernel."""
    drawn, (ax,) = figure()
    freed, ink = present(rows, "freed"), tokens.colour("ink")
    for number, memory in enumerate(MEMORY):
        places = np.arange(len(freed)) + (number - 1) * 0.22
        got = [of_group(rows, "first_ask", freed=f, memory=memory) for f in freed]
        means = [value.mean for value in got]
        errors = [[v.mean - v.low for v in got], [v.high - v.mean for v in got]]
        colour, marker, _ = look(number, memory)
        ax.bar(places, means, 0.2, color=colour, yerr=errors, ecolor=ink, capsize=3, label=memory)
        if memory != MOVABLE:
            theirs = [kernel(f, memory) for f in freed]
            told = {"marker": marker, "color": ink, "linestyle": "none"}
            ax.plot(places, theirs, **told, zorder=3, markersize=7, label=f"Linux 6.1, {memory}")
    ax.set_xticks(np.arange(len(freed)), [FREED[f] for f in freed], fontsize=9)
    ax.set_ylim(0, 76)
    ax.set_xlabel("freed, of 36000 pages")
    ax.set_ylabel("blocks of order 9 (72 before filling)")
    ax.set_title("Movable zbud leaves more huge pages, whatever is freed")
    drawn.legend(loc="outside lower center", ncols=3, frameon=False)
    return drawn


def _more_than_fixed(rows: pd.DataFrame) -> bool:
    return all(
        of_group(rows, "first_ask", freed=freed, memory=MOVABLE).low
        > of_group(rows, "first_ask", freed=freed, memory=FIXED).high
        for freed in present(rows, "freed")
    )


def _nearly_processes(rows: pd.DataFrame) -> bool:
    return all(
        of_group(rows, "first_ask", freed=freed, memory=MOVABLE).mean
        > 0.85 * of_group(rows, "first_ask", freed=freed, memory=PROCESSES).mean
        for freed in present(rows, "freed")
    )


def _kernel_within(rows: pd.DataFrame, memory: str, left_out: tuple[str, ...]) -> bool:
    """Return whether the figure of the kernel is within 2 of the range of ours."""
    for freed in present(rows, "freed"):
        ours = rows[(rows["freed"] == freed) & (rows["memory"] == memory)]["first_ask"]
        if freed not in left_out and not ours.min() - 2 <= kernel(freed, memory) <= ours.max() + 2:
            return False
    return True


CLAIMS = (
    Claim(
        "Movable zbud gives more blocks than zbud that cannot move, by any pattern",
        _more_than_fixed,
    ),
    Claim("Movable zbud gives over 85 % of what processes' memory gives", _nearly_processes),
    Claim(
        "Processes' memory: the figure of the kernel is within 2 of the range of ours",
        lambda rows: _kernel_within(rows, PROCESSES, ()),
    ),
    Claim(
        "zbud that cannot move: the same, except for the first half",
        lambda rows: _kernel_within(rows, FIXED, ("firsthalf",)),
    ),
)
