"""The 32 %: pages of zbud over those of zsmalloc, from the sweep of ratio.toml and from kernels."""

from functools import cache

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from findings.common import Claim, Interval, at, figure, interval, markdown, present
from zbudlab.analysis.single_pool import Pool
from zbudlab.content import recorded
from zbudlab.layout import PAGE_SIZE, ZBUD_MAX_SIZE, ZSWAP_HEADER_SIZE
from zbudlab.view.look import tokens

SHORT = {"content": ["text", "half"], "using": ["lz4"], "objects": [2048]}
OTHERS = ("zsmalloc_6_1", "zsmalloc_7_3", "zsmalloc_7_3_chain_4")
SAID = 1.32  #: the ratio in the commit that removed zbud, 6df8bae8e851

#: Pages of the pools of running kernels after 2048 pages were stored one by one, by content and
#: compressor: zbud and zsmalloc of 6.1.192, and zsmalloc of 7.3-rc7 (see PROVENANCE.md).
KERNELS = {
    ("text", "lzo"): (1308, 1145, 1186),
    ("text", "lz4"): (1604, 1259, 1272),
    ("text", "zstd"): (1024, 776, 855),
    ("binary", "lzo"): (1447, 1254, 1378),
    ("binary", "lz4"): (1760, 1395, 1531),
    ("binary", "zstd"): (1044, 1101, 1180),
    ("mixed", "lzo"): (809, 803, 1271),
    ("mixed", "lz4"): (1015, 884, 1386),
    ("mixed", "zstd"): (656, 634, 1150),
    ("half", "lzo"): (1000, 1166, 1388),
    ("half", "lz4"): (1007, 1194, 1434),
    ("half", "zstd"): (1008, 1169, 1448),
}
ALLOCATORS = ("zbud", "zsmalloc_6_1", "zsmalloc_7_3")


def over(rows: pd.DataFrame, other: str, when: str = "pages", **where: object) -> Interval:
    """Return pages of zbud over those of another allocator."""
    here = at(rows, **where)
    return interval(here[f"zbud_{when}"] / here[f"{other}_{when}"])


@cache
def of_the_lab(content: str, using: str) -> tuple[int, ...]:
    """Return the pages of the lab's pools for the lengths that the kernels recorded."""
    found = []
    for name in ALLOCATORS:
        kernel = recorded.NEW if name == "zsmalloc_7_3" else recorded.OLD
        table = recorded.recorded_lengths(content, using, kernel)
        assert table is not None
        lengths = table[table > recorded.NO_BYTES].astype(np.int64)
        if name == "zbud":
            lengths = lengths[lengths + ZSWAP_HEADER_SIZE <= ZBUD_MAX_SIZE]
        elif kernel == recorded.NEW:
            lengths = np.minimum(lengths, PAGE_SIZE)  # what does not compress is kept as it is
        else:
            lengths = lengths[lengths <= PAGE_SIZE]
        pool = Pool(name, len(lengths))
        pool.store(lengths)
        found.append(pool.pages)
    return tuple(found)


def _computed(rows: pd.DataFrame) -> str:
    lines = []
    for content in present(rows, "content"):
        for using in present(rows, "using"):
            for objects in present(rows, "objects"):
                where = {"content": content, "using": using, "objects": objects}
                cells = [over(rows, other, **where).shown("{:.2f}") for other in OTHERS]
                cells.append(over(rows, OTHERS[1], "thinned", **where).shown("{:.2f}"))
                cells.append(over(rows, OTHERS[1], "compacted", **where).shown("{:.2f}"))
                lines.append([f"{content}, {using}, {objects}", *cells])
    heads = ["content, compressor, pages stored", "zsmalloc 6.1", "7.3, chain 8", "7.3, chain 4"]
    return markdown([*heads, "7.3, half freed", "and compacted"], lines)


def _kernels() -> str:
    lines = []
    for (content, using), pages in KERNELS.items():
        lab = of_the_lab(content, using)
        ratios = [f"{pages[0] / other:.2f}" for other in pages[1:]]
        cells = [f"{kernel} / {ours}" for kernel, ours in zip(pages, lab, strict=True)]
        lines.append([f"{content}, {using}", *cells, *ratios])
    heads = ["content, compressor", "zbud 6.1: kernel / lab", "zsmalloc 6.1", "zsmalloc 7.3"]
    return markdown([*heads, "zbud over zsmalloc 6.1", "over 7.3"], lines)


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return the table of ratios, and that of the recorded kernels next to the lab."""
    return {"computed": _computed(rows), "kernels": _kernels()}


def draw(rows: pd.DataFrame) -> Figure:
    """Draw the ratio by content and compressor, for pools of each size."""
    drawn, (ax,) = figure()
    cases = [(c, u) for c in present(rows, "content") for u in present(rows, "using")]
    sizes = present(rows, "objects")
    marks = zip(sizes, ("o", "s", "^"), strict=False)
    for number, (objects, mark) in enumerate(marks):
        got = [over(rows, OTHERS[1], content=c, using=u, objects=objects).mean for c, u in cases]
        places = np.arange(len(cases)) + 0.18 * (number - (len(sizes) - 1) / 2)
        colour = tokens.colour(("c_zsm", "edge", "ink")[number])
        ax.plot(places, got, mark, color=colour, label=f"{objects} pages stored")
    ax.axhline(SAID, color=tokens.colour("ink"), linestyle="--", label="1.32: zbud's removal")
    ax.axhline(1, color=tokens.colour("edge"), linestyle=":", label="as many pages")
    ax.set_xticks(range(len(cases)), [f"{c}\n{u}" for c, u in cases], fontsize=9)
    ax.set_ylabel("pages of zbud / pages of zsmalloc 7.3")
    ax.set_title("The ratio is a property of the content, and of the pool's size")
    drawn.legend(loc="outside lower center", ncols=3, frameon=False)
    return drawn


def _both_signs(rows: pd.DataFrame) -> bool:
    half = over(rows, "zsmalloc_6_1", content="half", using="lz4")
    return half.high < 1 < over(rows, "zsmalloc_6_1", content="text", using="lz4").low


def _size_counts(rows: pd.DataFrame) -> bool:
    gain = []
    for objects in (min(present(rows, "objects")), max(present(rows, "objects"))):
        here = rows[rows["objects"] == objects]
        gain.append((here["zsmalloc_7_3_pages"] / here["zsmalloc_7_3_chain_4_pages"]).mean())
    return bool(gain[0] > 1 > gain[1])


def _thinned(rows: pd.DataFrame) -> bool:
    here = rows[rows["content"] == "text"]
    thinned = here["zbud_thinned"] / here["zsmalloc_7_3_thinned"]
    compacted = here["zbud_compacted"] / here["zsmalloc_7_3_compacted"]
    return bool((compacted > thinned).all())


def _as_the_kernels(rows: pd.DataFrame) -> bool:
    return all(of_the_lab(*case) == pages for case, pages in KERNELS.items())


CLAIMS = (
    Claim("Whether zbud takes more depends on the content", _both_signs),
    Claim("Chains of 8 pages cost more in a small pool, and less in a large one", _size_counts),
    Claim("zsmalloc's compaction is what makes up for frees at random", _thinned),
    Claim("The lab's pools have as many pages as those of the recorded kernels", _as_the_kernels),
)
