"""Kinds of frames in pictures: their words and their colours by theme.

The colours are the tokens of `look.tokens`. The kinds in COLOUR_TELLS can be distinguished by
colour alone; every other kind also has a shape if a cell is large enough to show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.view.look import tokens
from zbudlab.view.look.tokens import THEMES, Theme

__all__ = ["KINDS", "THEMES", "Ink", "Kind", "Theme"]


@dataclass(frozen=True)
class Kind:
    """A line of the legend. light, dark: its colour in each theme, as #rrggbb."""

    name: str
    words: str
    light: str
    dark: str

    def colour(self, theme: Theme = "light") -> str:
        """Return the colour for a theme, as #rrggbb."""
        return self.dark if theme == "dark" else self.light


def _kind(name: str, words: str) -> Kind:
    return Kind(name, words, *tokens.COLOURS[name][:2])


#: Kinds of frames in the legend's order: layout.FRAME_KINDS by number, then other states of a
#: frame, then kinds that are painted over frames temporarily.
KINDS = (
    *map(_kind, ("free", "cma", "process", "zbud1", "zbud2", "kernel"), layout.FRAME_KINDS),
    _kind("isolated", "isolated"),
    _kind("pinned", "pinned"),
    _kind("from", "just moved away"),
    _kind("to", "just moved here"),
    _kind("lost", "lost"),
)
#: Words for a page of the pool with room and for a full one, by zswap's allocator.
POOL_WORDS = {
    layout.ZPOOL_ZBUD: layout.FRAME_KINDS[layout.FRAME_POOL_PART : layout.FRAME_POOL_FULL + 1],
    layout.ZPOOL_ZSMALLOC: ("zsmalloc, with room", "zsmalloc, full"),
    layout.ZPOOL_Z3FOLD: ("z3fold, with room", "z3fold, full"),
}
COLOUR_TELLS = ("free", "process", "zbud1", "zbud2", "kernel")
NUMBER = {kind.name: number for number, kind in enumerate(KINDS)}
LASTING = NUMBER[
    "from"
]  #: kinds before this one are states of a frame; the others are painted over

#: A line of the legend without frames (see `details.bookkeeping`).
BOOKKEEPING = "zswap bookkeeping"

#: Free blocks of this order or larger have the colour `free`; those of order 0 have `crumb`.
LARGE = 8
CMA_SHARE = 0.45  #: share of the token `cma` in the colour of a free CMA frame too small for a bar

#: The parts of a page of a pool: header, objects, and free chunks.
CHUNKS = {
    theme: {
        part: tokens.colour(token, theme)
        for part, token in (
            ("header", "header"),
            ("first", "zbud1"),
            ("last", "zbud2"),
            ("middle", "c_zsm"),
            ("free", "free"),
        )
    }
    for theme in THEMES
}

#: The same parts in words, in their order in a page of zbud.
CHUNK_WORDS = {"header": "header", "first": "first buddy", "free": "free", "last": "last buddy"}
#: The parts in words by zswap's allocator.
POOL_CHUNK_WORDS = {
    layout.ZPOOL_ZBUD: CHUNK_WORDS,
    layout.ZPOOL_ZSMALLOC: {"first": "an object", "last": "the next object", "free": "free"},
    layout.ZPOOL_Z3FOLD: {
        "header": "header",
        "first": "first object",
        "middle": "middle object",
        "free": "free",
        "last": "last object",
    },
}

#: Kinds by how much they hinder the freeing of a large block, the worst last.
_ORDER = ("free", "cma", "process", "zbud1", "zbud2", "pinned", "isolated", "kernel")
_RANKS = np.array([NUMBER[name] for name in _ORDER]).argsort()

ALL_CELLS = np.arange(256, dtype=np.uint8)


def rgb(colour: str) -> np.ndarray:
    """Return red, green and blue of a #rrggbb colour, uint8 (3,)."""
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)


def kind_numbers(cells: np.ndarray) -> np.ndarray:
    """Return the indices into KINDS of cells from `inspection.frame_cells`, uint8, same shape."""
    kinds = cells & layout.FRAME_KIND_MASK
    pinned = (kinds > layout.FRAME_FREE_CMA) & (cells & layout.FRAME_PINNED != 0)
    kinds[pinned] = NUMBER["pinned"]
    kinds[cells & layout.FRAME_ISOLATED != 0] = NUMBER["isolated"]
    return np.minimum(kinds, LASTING - 1)


def cell_colours(theme: Theme = "light") -> np.ndarray:
    """Return a colour for every possible byte of `inspection.frame_cells`, uint8 (256, 3)."""
    numbers = kind_numbers(ALL_CELLS)
    table = np.array([rgb(kind.colour(theme)) for kind in KINDS])[numbers]
    orders = np.minimum(ALL_CELLS >> layout.FRAME_ORDER_SHIFT, LARGE)
    share = (1 - orders / LARGE)[:, None]
    shades = rgb(tokens.colour("free", theme)) * (1 - share)
    shades = shades + rgb(tokens.colour("crumb", theme)) * share
    tinted = shades * (1 - CMA_SHARE) + rgb(tokens.colour("cma", theme)) * CMA_SHARE
    for name, colours in (("free", shades), ("cma", tinted)):
        here = numbers == NUMBER[name]
        table[here] = colours.round().astype(np.uint8)[here]
    return table


def counts(cells: np.ndarray) -> np.ndarray:
    """Return the number of frames of each kind, int64 (len(KINDS),)."""
    pairs = cells[: len(cells) & ~1].view(np.uint16)  # counting pairs is twice as fast
    by_pair = np.bincount(pairs, minlength=1 << 16).reshape(256, 256)
    by_byte = by_pair.sum(0) + by_pair.sum(1) + np.bincount(cells[len(pairs) * 2 :], minlength=256)
    return np.bincount(kind_numbers(ALL_CELLS), weights=by_byte, minlength=len(KINDS)).astype(int)


def joined(cells: np.ndarray, together: int) -> np.ndarray:
    """Return one byte per group of `together` frames: that of the frame hardest to move."""
    if together == 1:
        return cells
    ranked = _RANKS[kind_numbers(ALL_CELLS)].astype(np.uint16)[cells] << 8 | cells
    return np.maximum.reduceat(ranked, np.arange(0, len(cells), together)).astype(np.uint8)


def kinds_of(allocator: int) -> tuple[Kind, ...]:
    """Return KINDS with words that name zswap's allocator, layout.ZPOOL_*."""
    if allocator not in POOL_WORDS:
        return KINDS
    words = dict(zip(layout.POOL_KINDS, POOL_WORDS[allocator], strict=True))
    return tuple(
        replace(kind, words=words.get(number, kind.words)) for number, kind in enumerate(KINDS)
    )


def in_words(numbers: Sequence[int] | np.ndarray, allocator: int = layout.ZPOOL_ZBUD) -> str:
    """Return nonzero counts by kind in words. numbers: one per item of KINDS."""
    pairs = zip(kinds_of(allocator), numbers, strict=True)
    return "; ".join(f"{count} {kind.words}" for kind, count in pairs if count)


class Ink(NamedTuple):
    """Colours of a drawing in one theme. mark: outlines pages that a step changed."""

    paper: str
    text: str
    edge: str
    used: str
    way: str
    mark: str


INKS: dict[Theme, Ink] = {
    theme: Ink(
        *(
            tokens.colour(name, theme)
            for name in ("paper", "ink", "edge", "kernel", "accent", "accent")
        )
    )
    for theme in THEMES
}
