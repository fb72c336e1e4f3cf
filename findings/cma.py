"""CMA: tables and figure from the sweep of cma.toml."""

import pandas as pd
from matplotlib.figure import Figure

from findings.common import Claim, Interval, at, figure, interval, line, markdown, present

SHORT = {"level": [0.7, 0.98], "zbud": ["plain", "series"], "mapped": [0.0, 0.001]}
CASES = (
    ("plain", 0.0, "without the series"),
    ("series", 0.0, "with it"),
    ("series", 0.001, "with it, 0.1 % of the objects mapped"),
)


def _of(rows: pd.DataFrame, level: float, zbud: str, mapped: float) -> pd.DataFrame:
    return at(rows, level=level, zbud=zbud, mapped=mapped)


def met(rows: pd.DataFrame, level: float, zbud: str, mapped: float) -> Interval:
    """Return the share of the requests that were met, percent."""
    here = _of(rows, level, zbud, mapped)
    return interval(100 * here["met"] / here["asked"])


def refused(rows: pd.DataFrame, level: float, zbud: str) -> Interval:
    """Return the share of zbud objects for which there was no page, percent."""
    here = _of(rows, level, zbud, 0.0)
    return interval(100 * here["zbud_refused"] / (here["zbud_refused"] + here["zbud_pages"]))


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return a table of requests met and objects refused, by fill level."""
    heads = ["memory requested", *(f"met, %: {name}" for *_, name in CASES)]
    heads += ["objects refused, %: without", "with", "zbud pages in the area, with"]
    lines = []
    for level in present(rows, "level"):
        cells = [met(rows, level, zbud, mapped) for zbud, mapped, _ in CASES]
        inside = interval(_of(rows, level, "series", 0.0)["zbud_in_cma"])
        both = [refused(rows, level, zbud) for zbud in ("plain", "series")]
        lines.append([f"{level:.0%}", *cells, *both, inside.shown("{:.0f}")])
    return {"met": markdown(heads, lines)}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw requests met on the left, objects refused on the right, over the fill level."""
    drawn, (left, right) = figure(2)
    levels = present(rows, "level")
    percent = [100 * level for level in levels]
    for number, (zbud, mapped, name) in enumerate(CASES):
        line(left, percent, [met(rows, level, zbud, mapped) for level in levels], number, name)
        if not mapped:
            got = [refused(rows, level, zbud) for level in levels]
            line(right, percent, got, number, name)
    left.set_ylabel("requests for 1024 frames met, %")
    left.set_title("Up to 70 % in use, all requests are met")
    right.set_ylabel("objects refused, %")
    right.set_title("With the series zbud never refuses more")
    for ax in (left, right):
        ax.set_ylim(-3, 103)
        ax.set_xlabel("memory requested, % of all frames")
    drawn.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return drawn


def _equal_unless_full(rows: pd.DataFrame) -> bool:
    levels = [level for level in present(rows, "level") if level <= 0.7]
    return all(
        met(rows, level, zbud, 0.0).low == 100 for level in levels for zbud, m, _ in CASES if not m
    )


def _room(rows: pd.DataFrame) -> bool:
    return all(
        refused(rows, level, "series").high <= refused(rows, level, "plain").low
        for level in present(rows, "level")
    )


def _mapped_hurt(rows: pd.DataFrame) -> bool:
    return any(
        met(rows, level, "series", 0.001).high < met(rows, level, "series", 0.0).low
        for level in present(rows, "level")
    )


CLAIMS = (
    Claim(
        "Up to 70 % of memory in use all requests are met, with and without the series",
        _equal_unless_full,
    ),
    Claim("With the series zbud never refuses more objects than without", _room),
    Claim("One object in a thousand that is mapped costs requests at some level", _mapped_hurt),
)
