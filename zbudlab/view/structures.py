"""Pictures of zbud data structures: the radix tree of handles, and the lists of a pool.

Both plot functions take a machine, `ax` and a theme ("light" or "dark"), and return the Axes. Page
frames in `marked` are outlined; the player marks those that a step changed.
"""

from collections.abc import Collection
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab import layout
from zbudlab.history.changes import list_name
from zbudlab.history.sentences import plural
from zbudlab.io.arguments import checked
from zbudlab.lessons.trees import way
from zbudlab.machine import Machine
from zbudlab.machine.settings import ZPOOLS
from zbudlab.mm import zpool_reader
from zbudlab.view import palette, radix
from zbudlab.view.list_walk import list_members
from zbudlab.view.look import style

MOST_PAGES = 9  #: pages of a list that are drawn
MOST_LISTS = 12
POOL_NAMES = {kind: name for name, kind in ZPOOLS.items()}


def pool_shown(machine: Machine, pool: int | None = None) -> int:
    """Return `pool`, or by default the pool with the most pages.

    ValueError if `pool` does not exist.
    """
    pools = machine.state.pools
    if pool is None:
        return int(np.argmax(pools["pages_nr"]))
    if not 0 <= pool < len(pools) or not pools["created"][pool]:
        there = ", ".join(map(str, np.flatnonzero(pools["created"]).tolist()))
        raise ValueError(f"there is no zbud pool {pool}; the pools are {there}")
    return pool


def _axes(ax: Axes | None, size: tuple[float, float], ink: palette.Ink) -> Axes:
    if ax is None:
        ax = Figure(figsize=size, layout="constrained", facecolor=ink.paper).add_subplot()
    ax.set_facecolor(ink.paper)
    return ax


# --- the radix tree ----------------------------------------------------------------------------


@style.styled
@checked()
def plot_radix_tree(
    machine: Machine,
    *,
    pool: int | None = None,
    key: int | None = None,
    ax: Axes | None = None,
    theme: palette.Theme = "light",
) -> Axes:
    """Draw the radix tree of a pool's handles, each node a strip of 64 slots, the root on top.

    pool: number of a zbud pool; default: the one with the most pages. key: the handle whose path
    through the tree is marked; default: the newest handle, if it still exists. In a level with many
    nodes, only the first ones and those on the path are drawn. Plain zbud has no tree; the title
    then says so. ValueError for an unknown pool.
    """
    number = pool_shown(machine, pool)
    nodes, root = machine.state.nodes, machine.state.pools[number]
    if key is None and lookup(machine, number, int(root["last_handle"])) >= 0:
        key = int(root["last_handle"])
    ink = palette.INKS[theme]
    ax = _axes(ax, (10, 0.9 + 0.95 * max(int(root["height"]), 2)), ink)
    radix.draw(ax, nodes, root, key, least=2, ink=ink)
    ax.set_title(_tree_title(machine, number, key), fontsize=11, loc="left", color=ink.text)
    return ax


def _tree_title(machine: Machine, pool: int, key: int | None) -> str:
    """Return a title with the size of the tree and the page that `key` leads to."""
    root = machine.state.pools[pool]
    if root["variant"] != layout.ZBUD_SERIES:
        return f"zbud pool {pool} is plain: its handles are addresses, there is no tree"
    items = plural(int(root["items"]), "item")
    told = f"handles of zbud pool {pool}: {items}, height {root['height']}"
    if key is None:
        return told
    leads = lookup(machine, pool, key)
    return f"{told}; handle {key} leads to {f'page {leads}' if leads >= 0 else 'nothing'}"


def lookup(machine: Machine, pool: int, key: int) -> int:
    """Return the page frame that a handle leads to, or -1."""
    root = machine.state.pools[pool]
    if not root["height"]:
        return int(root["rnode"]) - 1 if key == 0 else -1
    steps = way(machine.state.nodes, root, key)
    if len(steps) < root["height"]:
        return -1
    return int(machine.state.nodes["slots"][steps[-1]]) - 1


# --- the lists ---------------------------------------------------------------------------------


def pool_lists(machine: Machine, pool: int) -> dict[int, list[int]]:
    """Return the page frames on each nonempty list of a pool, in order, by list number.

    Of a pool of zsmalloc there is none, as not its pages but its zspages are on lists.
    """
    kind = int(machine.state.pools[pool]["kind"])
    if kind != layout.ZPOOL_ZBUD:
        return _z3fold_lists(machine, pool) if kind == layout.ZPOOL_Z3FOLD else {}
    rows, shift = machine.state.rows, int(machine.state.pools[pool]["row_shift"])
    heads = int(machine.state.pools[pool]["list_heads"])
    found = {}
    for number in range(layout.NR_POOL_LISTS):
        link = layout.LRU if number == layout.LRU_LIST else layout.BUDDY
        if rows["next"][heads + number, link] != heads + number:
            members = list_members(rows, link, heads + number)
            found[number] = [row >> shift for row in members]
    return found


def _z3fold_lists(machine: Machine, pool: int) -> dict[int, list[int]]:
    """Return the page frames on the LRU list of a pool of z3fold, and on those by free chunks."""
    records, heads = machine.state.z3folds, int(machine.state.pools[pool]["z3fold_heads"])
    lists = {layout.LRU_LIST: (layout.LRU, heads)}
    lists |= {free: (layout.BUDDY, heads + free) for free in range(1, layout.Z3FOLD_NO_LIST)}
    found = {n: list_members(records, link, head) for n, (link, head) in lists.items()}
    return {n: records["pfn"][members].tolist() for n, members in found.items() if members}


@style.styled
@checked()
def plot_lists(
    machine: Machine,
    *,
    pool: int | None = None,
    marked: Collection[int] = (),
    ax: Axes | None = None,
    theme: palette.Theme = "light",
) -> Axes:
    """Draw the lists of a pool: unbuddied pages by free chunks, buddied pages, and the LRU.

    Each box is a page, newest first, with its 64 chunks from left to right, of zbud: header, first
    buddy, free, last buddy. A pool of zsmalloc has no lists of pages. Of many lists, those with
    marked pages, the buddied list and the first others are drawn.

    pool: number of a zbud pool; default: the one with the most pages. marked: page frames to
    outline. ValueError for an unknown pool.
    """
    number = pool_shown(machine, pool)
    lists = pool_lists(machine, number)
    order = [*sorted(set(lists) - {layout.BUDDIED, layout.LRU_LIST}), layout.BUDDIED]
    order = [name for name in order if name in lists]
    shown = [*_some(order, lists, set(marked)), *[layout.LRU_LIST][: layout.LRU_LIST in lists]]
    ink = palette.INKS[theme]
    ax = _axes(ax, (10, 0.9 + 0.42 * max(len(shown), 5)), ink)
    for line, name in enumerate(shown):
        _draw_list(ax, machine, lists[name], line, set(marked), theme)
    ax.set_yticks(range(len(shown)), [f"{list_name(n)} ({len(lists[n])})" for n in shown])
    ax.set_xlim(0, MOST_PAGES + 0.9)
    ax.set_ylim(max(len(shown), 5) - 0.4, -0.6)
    ax.set_xticks([])
    ax.tick_params(length=0, colors=ink.text)
    ax.spines[:].set_visible(False)
    title = _lists_title(machine, number, len(order))
    ax.set_title(title, fontsize=11, loc="left", color=ink.text)
    return ax


def _some(order: list[int], lists: dict[int, list[int]], marked: set[int]) -> list[int]:
    """Return the lists to draw, in order, at most MOST_LISTS."""
    changed = [number for number in order if not marked.isdisjoint(lists[number])]
    wanted = dict.fromkeys([*changed, layout.BUDDIED, *order])
    kept = [number for number in wanted if number in lists][:MOST_LISTS]
    return sorted(kept, key=order.index)


def _lists_title(machine: Machine, pool: int, lists: int) -> str:
    """Return a title with the numbers of pages and lists, and of lists not drawn."""
    record = machine.state.pools[pool]
    pages, name = int(record["pages_nr"]), POOL_NAMES[int(record["kind"])]
    if not pages:
        return f"{name} pool {pool} has no page"
    if record["kind"] == layout.ZPOOL_ZSMALLOC:
        return f"{name} pool {pool}: {plural(pages)}, none of them on a list"
    told = f"{name} pool {pool}: {plural(pages)} on {plural(lists, 'list')}, and on the LRU"
    return told + (f" ({lists - MOST_LISTS} not drawn)" if lists > MOST_LISTS else "")


def _draw_list(
    ax: Axes,
    machine: Machine,
    pages: list[int],
    line: int,
    marked: set[int],
    theme: palette.Theme,
) -> None:
    """Draw the first pages of a list as boxes, and one marked page that is further back."""
    shown = pages[:MOST_PAGES]
    behind = [pfn for pfn in pages[MOST_PAGES:] if pfn in marked]
    if behind:
        shown = [*shown[: MOST_PAGES - 1], behind[0]]
    for place, pfn in enumerate(shown):
        _draw_page(ax, machine, pfn, (place + 0.06, line), theme, marked=pfn in marked)
    if len(pages) > len(shown):
        more = f"+ {len(pages) - len(shown)}"
        colour = palette.INKS[theme].text
        ax.text(MOST_PAGES + 0.05, line, more, va="center", fontsize=9, color=colour)


def _runs(parts: np.ndarray) -> list[tuple[int, int, str]]:
    """Return the parts of a page that are used as (first chunk, chunks, name)."""
    bounds = [0, *(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(parts)]
    return [
        (start, end - start, layout.PART_NAMES[parts[start]])
        for start, end in pairwise(bounds)
        if parts[start] != layout.PART_FREE
    ]


def _draw_page(
    ax: Axes,
    machine: Machine,
    pfn: int,
    place: tuple[float, int],
    theme: palette.Theme,
    *,
    marked: bool,
) -> None:
    """Draw a page of a pool: its chunks and its number."""
    left, line = place
    ink, colours = palette.INKS[theme], palette.CHUNKS[theme]
    unit = 0.88 / layout.NCHUNKS
    for start, chunks, part in _runs(zpool_reader.page_parts(machine.state, np.array([pfn]))[0]):
        colour, hatch = colours[part], "//" if part == "last" else ""
        corner = (left + start * unit, line - 0.1)
        box = Rectangle(corner, chunks * unit, 0.42, fc=colour, ec=ink.paper, lw=0, hatch=hatch)
        ax.add_patch(box)
    edge, wide = (ink.mark, 2.2) if marked else (ink.edge, 0.8)
    ax.add_patch(Rectangle((left, line - 0.1), 0.88, 0.42, fill=False, ec=edge, lw=wide))
    colour = ink.mark if marked else ink.text
    ax.text(left, line - 0.13, str(pfn), fontsize=8, va="bottom", color=colour)
