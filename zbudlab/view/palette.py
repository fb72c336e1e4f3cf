"""What the pictures' colours mean: kinds of frames, their words, their colours by day and night.

Hues are Okabe and Ito's, which people with any colour vision tell apart; neighbouring kinds also
differ by lightness. Maps drawn by matplotlib and the live map take them from here, as does every
legend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from zbudlab import layout

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, Theme] = ("light", "dark")


@dataclass(frozen=True)
class Kind:
    """A line of the legend; light, dark: its colour on a light page and on a dark one."""

    name: str
    words: str
    light: str
    dark: str

    def colour(self, theme: Theme = "light") -> str:
        """The colour for a theme, as #rrggbb."""
        return self.dark if theme == "dark" else self.light


#: Kinds of frames in the legend's order. The first ones are layout.FRAME_KINDS by number; then
#: what is said of frames beside that; then what is painted over frames for a while.
KINDS = (
    Kind("free", layout.FRAME_KINDS[layout.FRAME_FREE], "#f4f4f4", "#23282d"),
    Kind("cma", layout.FRAME_KINDS[layout.FRAME_FREE_CMA], "#cfe3c4", "#2c4a33"),
    Kind("process", layout.FRAME_KINDS[layout.FRAME_ANON], "#7fc4f0", "#4a9fd4"),
    Kind("zbud1", layout.FRAME_KINDS[layout.FRAME_POOL_PART], "#e69f00", "#f2b632"),
    Kind("zbud2", layout.FRAME_KINDS[layout.FRAME_POOL_FULL], "#a33c00", "#c4500a"),
    Kind("kernel", layout.FRAME_KINDS[layout.FRAME_KERNEL], "#222222", "#f5f5f5"),
    Kind("isolated", "isolated", "#cc79a7", "#dd8fbb"),
    Kind("pinned", "pinned", "#00795c", "#00a37c"),
    Kind("from", "just moved away", "#f0e442", "#f0e442"),
    Kind("to", "just moved here", "#0057b8", "#1d3fb8"),
    Kind("lost", "lost", "#e00030", "#ff2d55"),
)
NUMBER = {kind.name: number for number, kind in enumerate(KINDS)}
LASTING = NUMBER["from"]  #: kinds before this one are what a frame is; the others are painted over

#: A line of the legend that no frame has (see `details.bookkeeping`).
BOOKKEEPING = "zswap bookkeeping"

#: Free frames by the order of their block: the colour of an order 0 block, by theme. Order 10 has
#: the kind's own, so that crumbs stand out from whole blocks.
CRUMBS = {
    "light": {"free": "#c9ced4", "cma": "#a5c794"},
    "dark": {"free": "#4b545d", "cma": "#4a7653"},
}

#: The parts of a zbud page: header, first buddy, last buddy, and the free chunks between.
CHUNKS = {
    "light": {"header": "#222222", "first": "#e69f00", "last": "#a33c00", "free": "#f4f4f4"},
    "dark": {"header": "#f5f5f5", "first": "#f2b632", "last": "#c4500a", "free": "#23282d"},
}

#: The same in words, in the order in which they lie in a page.
CHUNK_WORDS = {"header": "header", "first": "first buddy", "free": "free", "last": "last buddy"}

#: Kinds by how much they stand in the way of a large free block, those that do most last.
_ORDER = ("free", "cma", "process", "zbud1", "zbud2", "pinned", "isolated", "kernel")
_RANKS = np.array([NUMBER[name] for name in _ORDER]).argsort()

ALL_CELLS = np.arange(256, dtype=np.uint8)


def rgb(colour: str) -> np.ndarray:
    """Red, green, blue of #rrggbb, uint8 (3,)."""
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)


def kind_numbers(cells: np.ndarray) -> np.ndarray:
    """Places in KINDS of frames from `snapshot.frame_cells`, uint8, same shape."""
    kinds = cells & layout.FRAME_KIND_MASK
    pinned = (kinds > layout.FRAME_FREE_CMA) & (cells & layout.FRAME_PINNED != 0)
    kinds[pinned] = NUMBER["pinned"]
    kinds[cells & layout.FRAME_ISOLATED != 0] = NUMBER["isolated"]
    return np.minimum(kinds, LASTING - 1)


def cell_colours(theme: Theme = "light") -> np.ndarray:
    """The colour of every byte that `snapshot.frame_cells` can hold, uint8 (256, 3)."""
    numbers = kind_numbers(ALL_CELLS)
    table = np.array([rgb(kind.colour(theme)) for kind in KINDS])[numbers]
    orders = np.minimum(ALL_CELLS >> layout.FRAME_ORDER_SHIFT, layout.MAX_ORDER - 1)
    share = (1 - orders / (layout.MAX_ORDER - 1))[:, None]
    for name, crumb in CRUMBS[theme].items():
        here = numbers == NUMBER[name]
        table[here] = (table * (1 - share) + rgb(crumb) * share).round().astype(np.uint8)[here]
    return table


def counts(cells: np.ndarray) -> np.ndarray:
    """How many frames there are of each of KINDS, int64."""
    pairs = cells[: len(cells) & ~1].view(np.uint16)  # half as many: twice as fast
    by_pair = np.bincount(pairs, minlength=1 << 16).reshape(256, 256)
    by_byte = by_pair.sum(0) + by_pair.sum(1) + np.bincount(cells[len(pairs) * 2 :], minlength=256)
    return np.bincount(kind_numbers(ALL_CELLS), weights=by_byte, minlength=len(KINDS)).astype(int)


def joined(cells: np.ndarray, together: int) -> np.ndarray:
    """One byte for each `together` frames: that of the frame that is hardest to move."""
    if together == 1:
        return cells
    ranked = _RANKS[kind_numbers(ALL_CELLS)].astype(np.uint16)[cells] << 8 | cells
    return np.maximum.reduceat(ranked, np.arange(0, len(cells), together)).astype(np.uint8)


def in_words(numbers: Sequence[int] | np.ndarray) -> str:
    """Counts of KINDS in words, those that are 0 left out."""
    pairs = zip(KINDS, numbers, strict=True)
    return "; ".join(f"{count} {kind.words}" for kind, count in pairs if count)


class Ink(NamedTuple):
    """Colours of a drawing in one theme; mark: the outline of what a step changed."""

    paper: str
    text: str
    edge: str
    used: str
    way: str
    mark: str


INKS: dict[Theme, Ink] = {
    "light": Ink("#ffffff", "#000000", "#666666", "#7fc4f0", "#a33c00", "#c2002f"),
    "dark": Ink("#111111", "#e8e8e8", "#9aa0a6", "#4a9fd4", "#f2b632", "#ff6b8a"),
}
