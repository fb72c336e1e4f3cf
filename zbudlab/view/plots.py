"""Static pictures of machines and runs.

Each function takes a machine (or the figures of a run) and `ax`, draws on it or on a new figure,
and returns the Axes; save or show its `.figure`. Titles and labels repeat the figures as text, so
that no information depends on colour alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from zbudlab import layout
from zbudlab.io.arguments import checked
from zbudlab.io.values import human
from zbudlab.machine import Machine
from zbudlab.mm import vmstat
from zbudlab.mm.inspection import frame_kinds
from zbudlab.mm.zpool_reader import page_parts
from zbudlab.view import details, maps, palette
from zbudlab.view.look import machines, style, tokens
from zbudlab.view.look.blocks import ORDER as BLOCK_ORDER
from zbudlab.view.still import MOST_DRAWN

#: Colours of lines and groups of bars, in order; hatching and dashes distinguish them, too.
LINES = tuple(
    tokens.colour(name) for name in ("accent", "c_stuck", "c_move", "c_zsm", "edge", "zbud1", "ink")
)
DASHES = ("-", "--", "-.", ":")
HATCHES = ("", "///", "...", "xx")
#: Machines by the names that two panels have.
MACHINES = {"zbud cannot move": "zbud unmovable", "zbud can move": "zbud movable"}
#: Colours and hatching of bars of free blocks, by migrate type. The colours of used frames would
#: have a second meaning here.
TYPES = tuple(
    (tokens.colour(name), hatch)
    for name, hatch in (
        ("edge", "xx"),  # unmovable
        ("edge", "///"),
        ("edge", ""),  # movable
        ("edge", "..."),
        ("cma", ""),
        ("isolated", ""),
    )
)


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return `ax`, or the axes of a new figure of `size` (width, height) in inches."""
    if ax is None:
        return Figure(figsize=size, layout="constrained").add_subplot()
    return ax


def _plain(ax: Axes, title: str, x: str, y: str) -> Axes:
    """Set the title and the labels of the axes."""
    ax.set_title(title)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    return ax


def _line_colour(name: str, place: int) -> str:
    """Return the colour of a machine that has one in the system, otherwise one by place."""
    curve = tokens.CURVES.get(MACHINES.get(name, name))
    return tokens.colour(curve.token) if curve else LINES[place % len(LINES)]


def _legend(ax: Axes, columns: int) -> None:
    """Draw the legend below the axes."""
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=columns, frameon=False, fontsize=9
    )


class Mapped(Figure):
    """The map of a machine. A notebook shows it as HTML, which follows the theme."""

    kinds: np.ndarray
    title: str
    zbud: bool

    def page(self, alt: str) -> str:
        """Return the map as HTML; alt: its description."""
        return machines.map_page(self.kinds.tolist(), self.title, alt=alt, zbud=self.zbud)


@style.styled
@checked()
def plot(machine: Machine, *, ax: Axes | None = None) -> Axes:
    """Draw the memory map of a machine: each page frame in the colour of its kind.

    Each rectangle is a pageblock, outlined if it is entirely free.
    """
    kinds = frame_kinds(machine.state)
    order = machine.config.pageblock_order
    own = ax is None
    if ax is None:
        page = order == BLOCK_ORDER and len(kinds) <= MOST_DRAWN
        ax = (Mapped if page else Figure)(figsize=(5, 6.4), layout="constrained").add_subplot()
    maps.memory_map(kinds, pageblock_order=order, ax=ax)
    counts = np.bincount(kinds, minlength=len(layout.FRAME_KINDS))
    named = palette.kinds_of(details.pool_kind(machine))
    handles = [
        Patch(facecolor=kind.light, edgecolor=tokens.colour("edge"), label=f"{kind.words}: {count}")
        for kind, count in zip(named, counts, strict=False)
        if count
    ]
    if own:
        ax.figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    else:
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, fontsize=8)
    size = human(len(kinds) * layout.PAGE_SIZE)
    free = counts[[layout.FRAME_FREE, layout.FRAME_FREE_CMA]].sum()
    ax.set_title(f"{len(kinds)} page frames ({size}), {free} of them free")
    if isinstance(ax.figure, Mapped):
        ax.figure.zbud = named == palette.KINDS
        ax.figure.kinds, ax.figure.title = kinds, ax.get_title(loc="left")
    return ax


@style.styled
@checked()
def plot_buddyinfo(machine: Machine, *, ax: Axes | None = None) -> Axes:
    """Draw free memory in pages by block order, split by migrate type.

    The numbers on the bars are block counts, as in /proc/buddyinfo.
    """
    counts = vmstat.free_counts(machine.state)
    return plot_free_blocks(dict(zip(vmstat.MIGRATETYPE_NAMES, counts, strict=True)), ax=ax)


@style.styled
def plot_free_blocks(counts: Mapping[str, Sequence[int]], *, ax: Axes | None = None) -> Axes:
    """Draw free memory as `plot_buddyinfo` does, from block counts.

    counts: the number of free blocks of each order, by migrate type; all of the same length.
    """
    ax = _axes(ax, (7, 4))
    orders = np.arange(max(map(len, counts.values()), default=layout.MAX_ORDER))
    bottom = np.zeros(len(orders), np.int64)
    for place, (name, blocks) in enumerate(counts.items()):
        pages = np.asarray(blocks, np.int64) << orders
        if pages.any():
            colour, hatch = TYPES[place % len(TYPES)]
            ax.bar(
                orders,
                pages,
                0.8,
                bottom,
                color=colour,
                hatch=hatch,
                edgecolor=tokens.colour("paper"),
                label=name,
            )
            bottom += pages
    for order, blocks in enumerate(np.sum([*counts.values()], axis=0).tolist()):
        place_above = (order, int(bottom[order]))
        ax.annotate(
            str(blocks), place_above, (0, 2), textcoords="offset points", ha="center", fontsize=9
        )
    ax.set_xticks(orders)
    ax.margins(y=0.12)
    if bottom.any():
        _legend(ax, 6)
    title = f"{bottom.sum()} free pages by the size of their block"
    return _plain(ax, title, "order of the block", "free pages (numbers: blocks)")


@style.styled
@checked()
def plot_zbud(machine: Machine, *, ax: Axes | None = None) -> Axes:
    """Draw how full zbud pages are: pages by chunks in use, with one buddy and with two."""
    ax = _axes(ax, (7, 4))
    kinds = frame_kinds(machine.state)
    pfns = np.flatnonzero(np.isin(kinds, layout.POOL_KINDS))
    used = np.count_nonzero(page_parts(machine.state, pfns), axis=1)  # includes the header chunk
    bottom = np.zeros(layout.NCHUNKS + 1, np.int64)
    chunks = np.arange(len(bottom))
    for kind in layout.POOL_KINDS:
        pages = np.bincount(used[kinds[pfns] == kind], minlength=len(bottom))
        shown = palette.KINDS[kind]
        label = f"{shown.words}: {pages.sum()} pages"
        ax.bar(
            chunks,
            pages,
            1.0,
            bottom,
            color=shown.light,
            edgecolor=tokens.colour("paper"),
            label=label,
        )
        bottom += pages
    ax.set_xlim(0, layout.NCHUNKS + 1)
    _legend(ax, 2)
    buddies = len(pfns) + int((kinds == layout.FRAME_POOL_FULL).sum())
    full = f",\n{used.mean() / layout.NCHUNKS:.0%} of their bytes in use" if len(pfns) else ""
    title = f"{buddies} compressed pages in {len(pfns)} zbud pages{full}"
    words = f"chunks of {layout.CHUNK_SIZE} bytes in use, of {layout.NCHUNKS}"
    return _plain(ax, title, words, "zbud pages")


@style.styled
@checked()
def plot_curves(
    columns: Mapping[str, Sequence[float]],
    names: Sequence[str] | None = None,
    *,
    by: str = "step",
    ax: Axes | None = None,
) -> Axes:
    """Draw curves from a run: a line for each of `names` (default: all columns) against `by`.

    columns: values by name, from `workload.watch.watch` or a panel's `curves`, or a DataFrame.
    ValueError for an unknown name, or if there is nothing to draw.
    """
    wanted = [name for name in columns if name != by] if names is None else list(names)
    missing = [name for name in (by, *wanted) if name not in columns]
    if missing or not wanted:
        there = ", ".join(str(name) for name in columns) or "none"
        raise ValueError(f"no column {', '.join(missing) or 'to draw'}: the columns are {there}")
    ax = _axes(ax, (8, 4))
    for place, name in enumerate(wanted):
        style = DASHES[place // len(LINES) % len(DASHES)]
        ax.plot(columns[by], columns[name], style, color=_line_colour(name, place), label=name)
    ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    _legend(ax, 4)
    return _plain(ax, "", by, wanted[0] if len(wanted) == 1 else "")


def free_from_order(machine: Machine) -> np.ndarray:
    """Return the free pages in blocks of each order or larger, int64 (MAX_ORDER,)."""
    pages = machine.state.zone["nr_free"].astype(np.int64) << np.arange(layout.MAX_ORDER)
    return np.cumsum(pages[::-1])[::-1]


@style.styled
@checked()
def plot_comparison(machines: Mapping[str, Machine], *, ax: Axes | None = None) -> Axes:
    """Compare how much free memory machines have in blocks of each order or larger.

    machines: by name, as shown in the legend. ValueError if `machines` is empty.
    """
    if not machines:
        raise ValueError("there are no machines to compare")
    ax = _axes(ax, (8, 4))
    orders = np.arange(layout.MAX_ORDER)
    thick = 0.85 / len(machines)
    for place, (name, machine) in enumerate(machines.items()):
        pages = free_from_order(machine)
        ax.bar(
            orders + (place - (len(machines) - 1) / 2) * thick,
            pages,
            thick,
            color=_line_colour(name, place),
            hatch=HATCHES[place % len(HATCHES)],
            edgecolor=tokens.colour("paper"),
            label=f"{name}: {pages[0]} pages free, {pages[9] >> 9} blocks of order 9",
        )
    ax.set_xticks(orders)
    _legend(ax, 1)
    title = "Free memory available in blocks of an order or larger"
    return _plain(ax, title, "order", "free pages")
