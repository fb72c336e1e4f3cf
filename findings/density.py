"""Density: tables and figure from the sweep of density.toml, and the recorded pools."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from findings.common import Claim, Interval, at, figure, interval, markdown, present
from zbudlab.analysis import packing
from zbudlab.conformance.trace import lines, operations
from zbudlab.layout import ZBUD_MAX_SIZE, ZSWAP_HEADER_SIZE
from zbudlab.view.look import tokens

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
GOLDEN = DATA / "golden" / "zswap-6.1"
SHORT = {"content": ["text", "half"], "using": ["lz4"]}


def ratio(rows: pd.DataFrame, above: str, below: str, **where: Any) -> Interval:
    """Return the mean of a quotient of two columns."""
    here = at(rows, **where)
    return interval(here[above] / here[below])


def more_than_zsmalloc(rows: pd.DataFrame, **where: Any) -> Interval:
    """Return how many more pages zbud takes than zsmalloc after churn, percent."""
    found = ratio(rows, "churned_pages", "zsmalloc_pages", **where)
    return Interval(*(100 * (value - 1) for value in (found.mean, found.low, found.high)))


def cases(rows: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Yield each content with each compressor."""
    for content in present(rows, "content"):
        for using in present(rows, "using"):
            yield {"content": content, "using": using}


def _computed(rows: pd.DataFrame) -> str:
    lines_ = []
    for where in cases(rows):
        lengths = ratio(rows.assign(one=1), "mean_length", "one", **where)
        cells = [f"{where['content']}, {where['using']}", lengths.shown("{:.0f}")]
        for pages in ("zbud_pages", "churned_pages", "fewest_pages"):
            cells.append(ratio(rows, "stored", pages, **where).shown("{:.3f}"))
        cells.append(ratio(rows, "stored", "zsmalloc_pages", **where).shown("{:.3f}"))
        lines_.append([*cells, more_than_zsmalloc(rows, **where).shown("{:+.1f}")])
    heads = ["content, compressor", "mean length, bytes", "zbud: pages per frame", "after churn"]
    heads += ["best pairing", "zsmalloc", "zbud after churn takes more than zsmalloc, %"]
    return markdown(heads, lines_)


def filled(name: str) -> tuple[list[int], int]:
    """Read a recorded run up to its first load or free; return lengths, and the pool's pages."""
    lengths, done = [], 0
    for operation in operations(GOLDEN / f"{name}.trace.gz"):
        if operation.name in ("load", "free"):
            break
        if operation.name == "store":
            done += 1
            if operation.words[1].isdigit():
                lengths.append(int(operation.words[1]))
    answers = [json.loads(text) for _, text in lines(GOLDEN / f"{name}.expected.jsonl.gz")]
    return lengths, answers[done - 1]["pool_pages"]


@cache
def recorded_pools() -> list[tuple[str, int, int, int, int]]:
    """Return per run: name, pages stored, pages of the kernel's pool, the fewest, zsmalloc's."""
    found = []
    for path in sorted(GOLDEN.glob("zbud-*.trace.gz")):
        name = path.name.removesuffix(".trace.gz")
        lengths, pool = filled(name)
        taken = [n for n in lengths if n + ZSWAP_HEADER_SIZE <= ZBUD_MAX_SIZE]
        fewest = packing.fewest_pages(n + ZSWAP_HEADER_SIZE for n in taken)
        found.append((name, len(taken), pool, fewest, packing.zsmalloc_pages(taken)))
    return found


def _recorded() -> str:
    rows = [
        [name, stored, pool, f"{stored / pool:.3f}", fewest, zs, f"{100 * (pool / zs - 1):+.1f}"]
        for name, stored, pool, fewest, zs in recorded_pools()
    ]
    heads = ["recorded run, filling", "pages stored", "zbud pages, kernel", "pages per frame"]
    return markdown([*heads, "fewest", "zsmalloc for the same", "zbud takes more, %"], rows)


def zsmalloc_runs() -> list[dict[str, Any]]:
    """Return recorded pools of a kernel on zsmalloc."""
    return json.loads(gzip.decompress((DATA / "truth" / "zsmalloc_runs.json.gz").read_bytes()))


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return tables of computed densities and of recorded pools."""
    return {"computed": _computed(rows), "recorded": _recorded()}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw pages per frame of zbud, of the best pairing and of zsmalloc."""
    drawn, (ax,) = figure()
    places = np.arange(len(list(cases(rows))))
    bars = (
        ("churned_pages", "zbud, after churn"),
        ("fewest_pages", "best pairing"),
        ("zsmalloc_pages", "zsmalloc, no holes"),
    )
    for number, (column, name) in enumerate(bars):
        got = [ratio(rows, "stored", column, **where) for where in cases(rows)]
        shift = (number - 1) * 0.26
        colour = tokens.colour(("zbud2", "edge", "c_zsm")[number])
        ax.bar(places + shift, [v.mean for v in got], 0.25, color=colour, label=name)
    ax.axhline(
        2, color=tokens.colour("ink"), linestyle="--", label="two per page: the limit of zbud"
    )
    names = [f"{where['content']}\n{where['using']}" for where in cases(rows)]
    ax.set_xticks(places, names, fontsize=9)
    ax.set_ylabel("stored pages per frame")
    ax.set_title("zbud comes within 3 % of the best pairing of two")
    drawn.legend(loc="outside lower center", ncols=4, frameon=False)
    return drawn


def _near_best(rows: pd.DataFrame) -> bool:
    return all(
        ratio(rows, "churned_pages", "fewest_pages", **where).mean < 1.03 for where in cases(rows)
    )


def _never_two(rows: pd.DataFrame) -> bool:
    return bool((2 * rows["fewest_pages"] >= rows["stored"]).all())


CLAIMS = (
    Claim("zbud is within 3 % of the best pairing of two, after churn too", _near_best),
    Claim("No pairing holds more than two pages per frame", _never_two),
    Claim(
        "In every recorded pool zbud is within 4 % of the best pairing",
        lambda rows: all(pool < 1.04 * fewest for _, _, pool, fewest, _ in recorded_pools()),
    ),
    Claim(
        "Whether zbud takes more than zsmalloc depends on the content: for `half` it takes less",
        lambda rows: (
            more_than_zsmalloc(rows, content="half", using="lz4").high
            < 0
            < more_than_zsmalloc(rows, content="text", using="lz4").low
        ),
    ),
)
