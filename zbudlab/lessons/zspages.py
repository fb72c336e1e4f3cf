"""Objects in zsmalloc and in its rivals: size classes, zspages and pools, for their notebook."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.analysis.single_pool import Group, Pool
from zbudlab.content.recorded import OLD, recorded_lengths
from zbudlab.layout import PAGE_SIZE, ZBUD_MAX_SIZE

Lengths = NDArray[np.int64]

#: Allocators of `single_pool` by the names of pictures.
RIVALS = {"zbud": "zbud", "z3fold": "z3fold", "zsmalloc": "zsmalloc_7_3_chain_4"}
#: zsmalloc of today by the longest chain of pages, pages.
CHAINS = {4: "zsmalloc_7_3_chain_4", 8: "zsmalloc_7_3"}
#: Contents whose pages a running Linux 6.1 compressed: (content, compressor), by decreasing need of
#: zsmalloc compared with zbud.
CONTENTS = (
    ("half", "lz4"),
    ("binary", "zstd"),
    ("mixed", "zstd"),
    ("mixed", "lz4"),
    ("text", "lz4"),
    ("text", "zstd"),
)


class SizeClass(NamedTuple):
    """A size class. size: bytes of a place. pages, places: of a zspage."""

    size: int
    pages: int
    places: int

    @property
    def tail(self) -> int:
        """Bytes at the end of a zspage that belong to no place."""
        return self.pages * PAGE_SIZE - self.places * self.size

    def __str__(self) -> str:
        pages = f"{self.pages} page{'s' * (self.pages > 1)}"
        return f"class {self.size}: {self.places} places in {pages}"


@cache
def classes(chain: int = 8) -> tuple[SizeClass, ...]:
    """Return the class of each of zsmalloc's 255 sizes, smallest first.

    chain: the most pages of a zspage, 4 or 8.
    """
    made = Pool(CHAINS[chain], 1).state.size_classes[: layout.ZS_SIZE_CLASSES]
    used = made[made["used"]]
    columns = (used[name].tolist() for name in ("object_size", *_PER_ZSPAGE))
    return tuple(SizeClass(*each) for each in zip(*columns, strict=True))


_PER_ZSPAGE = ("pages_per_zspage", "objs_per_zspage")


def class_of(length: int, chain: int = 8) -> SizeClass:
    """Return the size class of an object of `length` bytes, the word in front included."""
    above = length + layout.ZS_HANDLE_SIZE - layout.ZS_MIN_ALLOC_SIZE
    number = max(-(-above // layout.ZS_SIZE_CLASS_DELTA), 0)
    return classes(chain)[min(number, layout.ZS_SIZE_CLASSES - 1)]


class Waste(NamedTuple):
    """Bytes wasted per object. inside: the rest of its place. outside: its share of the tail."""

    inside: float
    outside: float


def waste_of(length: int, chain: int = 8) -> Waste:
    """Return what an object of `length` bytes wastes in a full zspage."""
    found = class_of(length, chain)
    return Waste(found.size - length, found.tail / found.places)


# --- pools -------------------------------------------------------------------------------------


def stored(allocator: str, lengths: Lengths) -> Pool:
    """Return a pool with objects of these lengths. allocator: of `single_pool.ALLOCATORS`."""
    pool = Pool(allocator, len(lengths))
    pool.store(lengths)
    return pool


def zspage(length: int, chain: int = 8) -> Group:
    """Return the pages of a full zspage of objects of `length` bytes, with their pieces."""
    places = class_of(length, chain).places
    return stored(CHAINS[chain], np.full(places, length)).contents()[0]


def rivals(length: int, count: int = 24) -> dict[str, list[Group]]:
    """Return the pages of each allocator, by name, for `count` objects of `length` bytes."""
    lengths = np.full(count, length)
    return {name: stored(which, lengths).contents() for name, which in RIVALS.items()}


def thinned(length: int = 1300, count: int = 24, seed: int = 0) -> dict[str, list[Group]]:
    """Return zsmalloc's pages at three moments: filled, half of the objects freed, compacted."""
    pool = stored(CHAINS[4], np.full(count, length))
    moments = {"filled": pool.contents()}
    random = np.random.Generator(np.random.PCG64(seed))
    pool.free(np.sort(random.permutation(count)[: count // 2]))
    moments["half freed"] = pool.contents()
    pool.compact()
    moments["compacted"] = pool.contents()
    return moments


def pages_of(groups: list[Group]) -> int:
    """Return the number of pages in groups."""
    return sum(map(len, groups))


# --- real lengths ------------------------------------------------------------------------------


def recorded(content: str, compressor: str) -> Lengths:
    """Return the lengths in bytes that a running Linux 6.1 got for 2048 pages, in their order.

    Pages without a length are 0: same-filled, or refused because they do not compress.
    """
    found = recorded_lengths(content, compressor, OLD)
    if found is None:
        raise ValueError(f"no lengths of {content} by {compressor} were recorded")
    lengths = found.astype(np.int64)
    return np.where(lengths <= PAGE_SIZE, np.maximum(lengths, 0), 0)


def blended(text: int, seed: int = 0) -> Lengths:
    """Return lengths of 2048 pages: `text` percent text by zstd, the others `half` by lz4."""
    random = np.random.Generator(np.random.PCG64(seed))
    chosen = random.random(2048) * 100 < text
    return np.where(chosen, recorded("text", "zstd"), recorded("half", "lz4"))


class Needs(NamedTuple):
    """Pages that each allocator needs for the same compressed pages."""

    zbud: int
    z3fold: int
    zsmalloc: int

    @property
    def ratio(self) -> float:
        """Pages of zbud for each page of zsmalloc."""
        return self.zbud / self.zsmalloc


def needs(lengths: Lengths, zsmalloc: str = "zsmalloc_6_1") -> Needs:
    """Store lengths in a pool of each allocator, as zswap of 6.1 does, and count its pages.

    zbud and z3fold refuse what is too long for them, and zsmalloc keeps it. zsmalloc: which one, a
    name of `single_pool.ALLOCATORS`.
    """
    there = lengths[lengths > 0]
    short = there[there + layout.ZSWAP_HEADER_SIZE <= ZBUD_MAX_SIZE]
    pools = {"zbud": short, "z3fold": short, zsmalloc: there}
    return Needs(*(stored(name, each).pages for name, each in pools.items()))


@cache
def recorded_ratios() -> dict[str, float]:
    """Return pages of zbud for each of zsmalloc, by content and compressor, as 6.1 had them."""
    return {f"{what}, {how}": needs(recorded(what, how)).ratio for what, how in CONTENTS}


def chain_pages(counts: tuple[int, ...], content: str = "text", seed: int = 0) -> list[list[int]]:
    """Return (objects, pages with chains of 4, of 8) for pools of each size.

    The objects have lengths drawn from those of `content` by lz4.
    """
    known = recorded(content, "lz4")
    random = np.random.Generator(np.random.PCG64(seed))
    rows = []
    for count in counts:
        lengths = random.choice(known[known > 0], count)
        rows.append([count, *(stored(name, lengths).pages for name in CHAINS.values())])
    return rows
