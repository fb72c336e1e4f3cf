"""Which pool fragments memory least: tables and figure from the sweep of fragmentation.toml."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from findings.common import FOLDER, Claim, at, figure, interval, markdown, of_group, present
from zbudlab.analysis.predict import PLAIN
from zbudlab.analysis.predict_pools import MISPLACED, SERIES
from zbudlab.analysis.recorded_pools import Boot, Case, band, read_boots
from zbudlab.experiments.fragmentation import COMPACTIONS
from zbudlab.view.look import tokens

SHORT = {"pool": [MISPLACED, "zsmalloc 7.3"], "length": [2661]}
WHOLE, ONE = COMPACTIONS
LONG = (2661, 3836)  #: lengths of which zbud and z3fold store one in a page
ZSMALLOC = ("zsmalloc 6.1", "zsmalloc 7.3")
RECORDED = FOLDER.parent / "tests" / "data" / "truth" / "frag_pools.jsonl.gz"

#: Recorded kernels that did the same: pool, length, kernel, allocator, random bytes of each page.
KERNELS = (
    (PLAIN, 3836, "6.1", PLAIN, 2496),
    ("zbud", 2661, "6.1", "zbud", 2496),
    ("z3fold", 2661, "6.1", "z3fold", 2496),
    ("zsmalloc 6.1", 3836, "6.1", "zsmalloc", 3600),
    ("zsmalloc 6.1", 2661, "6.1", "zsmalloc", 2496),
    ("zsmalloc 7.3", 3836, "7.3", "zsmalloc", 3600),
    ("zsmalloc 7.3", 2661, "7.3", "zsmalloc", 2496),
)


def _computed(rows: pd.DataFrame) -> str:
    lines = []
    for length in present(rows, "length"):
        for pool in present(rows, "pool"):
            here = at(rows, length=length, pool=pool)
            whole = at(here, compaction=WHOLE)
            density = interval(here["stored"] / here["pool_pages"].clip(lower=1))
            cells = [
                "-" if pool == PLAIN else density.shown("{:.2f}"),
                interval(here["movable_pageblocks"]).shown("{:.0f}"),
                interval(whole["ideal"]).shown("{:.0f}"),
                interval(whole["ready"]).shown("{:.0f}"),
                *(
                    of_group(here, ask, compaction=kind)
                    for kind in (WHOLE, ONE)
                    for ask in ("first_ask", "second_ask")
                ),
                interval(whole["moved_in_all"]).shown("{:.0f}"),
                interval(whole["objects_moved"]).shown("{:.0f}"),
            ]
            lines.append([f"{length}, {pool}", *cells])
    heads = ["bytes, pool", "stored per frame", "movable pageblocks", "possible", "ready"]
    heads += ["whole zone: first", "second", "one at a time: first", "second", "pages moved"]
    heads += ["objects moved"]
    return markdown(heads, lines)


def _shown(boots: list[Boot], ask: str) -> str:
    least, most = min(band(boots, ask)), max(band(boots, ask))
    return str(least) if least == most else f"{least} to {most}"


def _kernels(rows: pd.DataFrame) -> str:
    cases, lines = read_boots(RECORDED), []
    for pool, length, kernel, allocator, random_bytes in KERNELS:
        boots = cases[Case(kernel, allocator, random_bytes, shrink=False, pattern="rand2")]
        where = {"pool": pool, "length": length, "compaction": WHOLE}
        cells = [
            cell
            for ask in ("first_ask", "second_ask")
            for cell in (_shown(boots, ask), of_group(rows, ask, **where))
        ]
        lines.append([f"{pool}, {length} bytes, Linux {kernel}", *cells])
    heads = ["pool", "first request: kernel", "lab", "second: kernel", "lab"]
    return markdown(heads, lines)


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return the table of all pools, and that of the recorded kernels next to the lab."""
    return {"computed": _computed(rows), "kernels": _kernels(rows)}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw huge pages and density by pool and length."""
    drawn, (left, right) = figure(2)
    pools, lengths = present(rows, "pool"), present(rows, "length")
    places = np.arange(len(pools))
    for number, length in enumerate(lengths):
        here = at(rows, length=length, compaction=WHOLE)
        colour = tokens.colour(("process", "edge", "c_zsm")[number])
        first, second = (
            np.array([of_group(here, ask, pool=pool).mean for pool in pools])
            for ask in ("first_ask", "second_ask")
        )
        where = places + 0.27 * (number - (len(lengths) - 1) / 2)
        left.barh(where, second, 0.25, color=colour, alpha=0.45)
        left.barh(where, first, 0.25, color=colour, label=f"{length} bytes")
        kept = here["stored"] / here["pool_pages"].clip(lower=1)
        each = [np.nan if p == PLAIN else kept[here["pool"] == p].mean() for p in pools]
        right.barh(where, each, 0.25, color=colour)
    names = [pool.replace(" without", "\nwithout") for pool in pools]
    left.set_yticks(places, names, fontsize=9)
    right.set_yticks(places, names, fontsize=9)
    right.tick_params(labelleft=False)  # the names are at the left; on a phone, in both parts
    for ax in (left, right):
        ax.set_ylim(len(pools) - 0.5, -0.5)
    left.set_title("Huge pages (pale: after the shrinker)")
    right.set_title("Pages stored per frame")
    drawn.legend(loc="outside lower center", ncols=len(lengths), frameon=False)
    return drawn


def _placement(rows: pd.DataFrame) -> bool:
    there = rows[rows["pool"].isin([MISPLACED, "z3fold"])]
    moved = of_group(there, "moved_in_all", compaction=WHOLE)
    return bool(moved.low > 500 and there["second_ask"].max() <= 1)


def _series(rows: pd.DataFrame) -> bool:
    return all(
        0
        <= of_group(rows, "first_ask", pool=PLAIN, length=n, compaction=c).mean
        - of_group(rows, "first_ask", pool=SERIES, length=n, compaction=c).mean
        < 3
        for n in LONG
        for c in COMPACTIONS
    )


def _shrinker(rows: pd.DataFrame) -> bool:
    """Compare zsmalloc with several objects in a page before and after its own compaction."""
    here = at(rows, length=LONG[0], compaction=WHOLE)
    most = of_group(here, "second_ask", pool=PLAIN).mean
    return all(
        of_group(here, "first_ask", pool=p).high < most / 2
        and of_group(here, "second_ask", pool=p).low > most - 5
        for p in ZSMALLOC
    )


def _objects(rows: pd.DataFrame) -> bool:
    """Compare the objects that zsmalloc's compaction moves with the pages that it frees."""
    here = rows[rows["pool"].isin(ZSMALLOC) & rows["length"].ne(LONG[1])]
    freed = here["thinned_pages"] - here["shrunk_pages"]
    return bool((freed > 0).all() and (here["objects_moved"] < 2 * freed).all())


def _one(rows: pd.DataFrame) -> bool:
    there = rows[rows["pool"].isin([PLAIN, SERIES]) & rows["length"].isin(LONG)]
    whole, one = (of_group(there, "first_ask", compaction=c) for c in COMPACTIONS)
    moved, fewer = (of_group(there, "moved", compaction=c) for c in COMPACTIONS)
    return one.high < whole.low and fewer.high < moved.low


CLAIMS = (
    Claim("Pages that can move, but were placed among the unmovable, gain nothing", _placement),
    Claim("The series is within 3 huge pages of plain memory", _series),
    Claim("zsmalloc gives as many once its own compaction has run, and few before", _shrinker),
    Claim(
        "zsmalloc's own compaction moves fewer than two objects for each page it frees", _objects
    ),
    Claim("One huge page at a time moves fewer pages and yields less", _one),
)
