"""Memory maps: one cell per page frame, coloured by the frame's kind."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, log2

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Rectangle

from zbudlab.layout import (
    FRAME_FREE,
    FRAME_FREE_CMA,
    FRAME_KINDS,
    FRAME_POOL_FULL,
    FRAME_POOL_PART,
)
from zbudlab.lessons import scattered
from zbudlab.machine import Machine
from zbudlab.machine.settings import ZPOOLS
from zbudlab.mainjob.job import Outcome
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view.look import machines, style, tokens
from zbudlab.view.palette import KINDS, kinds_of

#: Colours by kind of frame, as in layout.FRAME_KINDS.
COLOURS = tuple(kind.light for kind in KINDS[: len(FRAME_KINDS)])
FREE_BLOCK = tokens.colour("whole")  #: outline of an entirely free pageblock
GAP = 2  #: cells between pageblocks


class Grid:
    """Layout of pageblocks in a picture: rows of blocks from the top left.

    frames: number of page frames in all.
    """

    def __init__(self, frames: int, pageblock_order: int) -> None:
        self.size = 1 << pageblock_order
        self.width = 1 << ceil(pageblock_order / 2)
        self.height = self.size // self.width
        self.count = ceil(frames / self.size)
        square = max(self.count * self.height / self.width, 1)
        self.across = 1 << ceil(log2(square) / 2)
        self.down = ceil(self.count / self.across)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture, in cells."""
        return self.down * (self.height + GAP), self.across * (self.width + GAP)

    def corner(self, block: int) -> tuple[int, int]:
        """Return row and column of a pageblock's first frame."""
        row, column = divmod(block, self.across)
        return row * (self.height + GAP) + GAP // 2, column * (self.width + GAP) + GAP // 2

    def picture(self, kinds: np.ndarray) -> np.ndarray:
        """Return the picture's cells, uint8 of `shape`: 0 = no frame, otherwise kind + 1."""
        cells = np.zeros(self.across * self.down * self.size, np.uint8)
        cells[: len(kinds)] = kinds + 1
        blocks = cells.reshape(self.down, self.across, self.height, self.width)
        edge = GAP // 2
        framed = np.pad(blocks, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
        return framed.transpose(0, 2, 1, 3).reshape(self.shape)


def free_blocks(kinds: np.ndarray, order: int = 9) -> np.ndarray:
    """Return the numbers of the aligned blocks of 2^order frames that are entirely free."""
    whole = len(kinds) >> order
    free = np.isin(kinds[: whole << order], (FRAME_FREE, FRAME_FREE_CMA))
    return np.flatnonzero(free.reshape(whole, 1 << order).all(axis=1))


@style.styled
def memory_map(kinds: np.ndarray, *, pageblock_order: int = 9, ax: Axes | None = None) -> Axes:
    """Draw kinds of frames (layout.FRAME_*, shape (frames,)) in rows of pageblocks.

    Each small rectangle is a pageblock. Its frames run from left to right, then down. Entirely
    free blocks are outlined.
    """
    if ax is None:
        ax = Figure(figsize=(4, 4)).add_subplot()
    grid = Grid(len(kinds), pageblock_order)
    colours = ListedColormap([tokens.colour("paper"), *COLOURS])
    norm = BoundaryNorm(np.arange(len(COLOURS) + 2) - 0.5, colours.N)
    ax.imshow(grid.picture(kinds), cmap=colours, norm=norm, interpolation="nearest")
    for block in free_blocks(kinds, pageblock_order):
        row, column = grid.corner(int(block))
        corner = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(corner, grid.width, grid.height, fill=False, ec=FREE_BLOCK, lw=1.4))
    ax.set_axis_off()
    return ax


def legend(
    figure: Figure,
    kinds: Iterable[int],
    pageblock_order: int = 9,
    words: Sequence[str] = FRAME_KINDS,
) -> None:
    """Add a legend of these kinds below the figure. words: for each kind of frame."""
    patches = [
        Patch(facecolor=COLOURS[kind], edgecolor=tokens.colour("edge"), label=words[kind])
        for kind in sorted(kinds)
    ]
    outline = f"{1 << pageblock_order} free frames: a whole block"
    patches.append(Patch(facecolor=COLOURS[0], edgecolor=FREE_BLOCK, lw=1.4, label=outline))
    figure.legend(
        handles=patches,
        loc="outside lower center",
        ncols=max(round(figure.get_size_inches()[0] * 0.6), 1),
        columnspacing=1.2,
        frameon=False,
        fontsize=11,
    )


class Compared(Figure):
    """Machines side by side. A notebook shows them as HTML, which adapts to any width."""

    cards: list[machines.Card]

    def page(self, _alt: str) -> str:
        """Return the machines as HTML: name, number of huge pages, maps."""
        return machines.page(self.cards, "")


def _card(outcome: Outcome) -> machines.Card:
    """Return the card of a machine with its memory before and after compaction."""
    maps: dict[str, Sequence[int]] = {
        "before": _listed(outcome.map_before),
        "after compaction": _listed(outcome.map_after),
    }
    allocator = ZPOOLS[outcome.allocator]
    return machines.Card(
        outcome.variant, outcome.blocks_after, outcome.blocks_ideal, maps, allocator
    )


def _listed(kinds: np.ndarray | None) -> list[int]:
    return [] if kinds is None else kinds.tolist()


@style.styled
def compare(outcomes: list[Outcome], pageblock_order: int = 9, order: int = 9) -> Figure:
    """Draw the memory of each machine before and after compaction, machines side by side.

    The titles count the blocks of 2^order frames that are available.
    """
    assert outcomes[0].map_before is not None
    rows, columns = Grid(len(outcomes[0].map_before), pageblock_order).shape
    height = 2 * (3.75 * rows / columns + 0.65) + 0.4
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
    figure = Compared(figsize=(4 * len(outcomes), height), layout=layout)
    figure.cards = [_card(outcome) for outcome in outcomes]
    axes = figure.subplots(2, len(outcomes), squeeze=False)
    shown: set[int] = set()
    for column, outcome in enumerate(outcomes):
        moments = (
            ("before compaction", outcome.map_before, outcome.blocks_before),
            ("after compaction", outcome.map_after, outcome.blocks_after),
        )
        for ax, (when, kinds, blocks) in zip(axes[:, column], moments, strict=True):
            assert kinds is not None
            memory_map(kinds, pageblock_order=pageblock_order, ax=ax)
            shown.update(kinds.tolist())
            had = f"order-{order} blocks available: {blocks} of {outcome.blocks_ideal}"
            ax.set_title(f"{outcome.variant}, {when}\n{had}", fontsize=12)
    legend(figure, shown, pageblock_order, pool_words({o.allocator for o in outcomes}))
    return figure


def pool_words(allocators: set[str]) -> list[str]:
    """Return words for each kind of frame (layout.FRAME_*) in machines with these allocators.

    Machines with different ones share a legend, which then names pages of the pool.
    """
    kinds = {ZPOOLS[name] for name in allocators}
    words = [kind.words for kind in kinds_of(kinds.pop())][: len(FRAME_KINDS)]
    if kinds:
        words[FRAME_POOL_PART], words[FRAME_POOL_FULL] = "pool page with room", "full pool page"
    return words


@style.styled
def side_by_side(shown: Mapping[str, Machine], when: str) -> Figure:
    """Draw the memory of machines side by side, with their free blocks of order 9.

    shown: machines by name. when: the moment, as a caption of each map.
    """
    figure = Compared(figsize=(4 * len(shown), 5), layout="constrained")
    figure.cards = []
    kinds_shown: set[int] = set()
    for ax, (name, machine) in zip(
        figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True
    ):
        kinds = frame_kinds(machine.state)
        found = scattered.blocks(machine)
        card = machines.Card(
            name, found.ready, found.together, {when: kinds.tolist()}, machine.config.kind
        )
        figure.cards.append(card)
        memory_map(kinds, pageblock_order=machine.config.pageblock_order, ax=ax)
        ax.set_title(f"{name}, {when}\n{found}", fontsize=12)
        kinds_shown.update(kinds.tolist())
    allocators = {machine.config.allocator for machine in shown.values()}
    legend(figure, kinds_shown, words=pool_words(allocators))
    return figure


def side_values(shown: Mapping[str, Machine]) -> str:
    """Return the numbers that `side_by_side` shows, in one line."""
    return "; ".join(f"{name}: {scattered.blocks(machine)}" for name, machine in shown.items())


def key_values(outcomes: list[Outcome], order: int = 9) -> str:
    """Return the values that `compare` shows in one line, counted in the maps."""
    counts = []
    for outcome in outcomes:
        assert outcome.map_before is not None
        assert outcome.map_after is not None
        before, after = (
            len(free_blocks(kinds, order)) for kinds in (outcome.map_before, outcome.map_after)
        )
        counts.append(f"{outcome.variant} {before} -> {after}")
    return f"whole free order-{order} blocks, before -> after compaction: {', '.join(counts)}"
