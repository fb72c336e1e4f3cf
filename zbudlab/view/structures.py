"""What zbud keeps its pages in: the radix tree of handles, and the lists of a pool.

Both functions take a machine and `ax`, and return the Axes. Page frames given as `marked` are
outlined: a player marks those that its step changed.
"""

from collections.abc import Collection, Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab import layout
from zbudlab.explanation.changes import list_name
from zbudlab.explanation.steps import plural
from zbudlab.machine import Machine
from zbudlab.mm.radix_tree import key_fits, slot_of
from zbudlab.view import palette
from zbudlab.view.walking import list_members

SLOTS = layout.RADIX_TREE_MAP_SIZE
GAP = 8  #: slots between nodes
MOST_NODES = 4  #: of a level that are drawn
MOST_PAGES = 9  #: of a list that are drawn
MOST_LISTS = 12
USED, WAY, EDGE = "#7fc4f0", "#a33c00", "#666666"
MARK = "#c2002f"  #: outline of what the step changed


def pool_shown(machine: Machine, pool: int | None = None) -> int:
    """The zbud pool to show: as given, else the one with the most pages. ValueError if none is."""
    pools = machine.state.pools
    if pool is None:
        return int(np.argmax(pools["pages_nr"]))
    if not 0 <= pool < len(pools) or not pools["created"][pool]:
        there = ", ".join(map(str, np.flatnonzero(pools["created"]).tolist()))
        raise ValueError(f"there is no zbud pool {pool}: there are {there}")
    return pool


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    return Figure(figsize=size, layout="constrained").add_subplot()


# --- the radix tree ----------------------------------------------------------------------------


def levels(nodes: np.ndarray, root: np.void) -> Iterator[list[int]]:
    """The numbers of a tree's nodes, level by level from the top, in the order of their keys."""
    numbers = [int(root["rnode"])] if root["height"] else []
    for _ in range(int(root["height"])):
        yield numbers
        below = nodes["slots"][numbers]
        numbers = below[below > 0].tolist()


def way(nodes: np.ndarray, root: np.void, key: int) -> list[tuple[int, int]]:
    """The nodes and slots that a key leads through, from the top; short if it has no item."""
    number, steps = int(root["rnode"]), []
    if key < 0 or not key_fits(key, int(root["height"])):
        return []
    for level in range(int(root["height"]) - 1, -1, -1):
        if not number:
            break
        slot = int(slot_of(key, level))
        steps.append((number, slot))
        number = int(nodes["slots"][number, slot])
    return steps


def plot_radix_tree(
    machine: Machine, *, pool: int | None = None, key: int | None = None, ax: Axes | None = None
) -> Axes:
    """The radix tree of a pool's handles: a strip of 64 slots a node, the root on top.

    pool: of zbud; default: the one with the most pages. key: a handle whose way through the tree
    is marked; default: the newest. Of a level with many nodes the first ones and those on the
    way are drawn. Plain zbud has no tree, and the picture says so.
    """
    number = pool_shown(machine, pool)
    nodes, root = machine.state.nodes, machine.state.pools[number]
    key = int(root["last_handle"]) if key is None else key
    rows = list(levels(nodes, root))
    marked = dict(way(nodes, root, key))
    ax = _axes(ax, (10, 0.9 + 0.95 * max(len(rows), 2)))
    places: dict[int, float] = {}
    for line, numbers in enumerate(rows):
        shown = _some(numbers, set(marked))
        for place, node in enumerate(shown):
            places[node] = place * (SLOTS + GAP)
            _draw_node(ax, nodes, node, places[node], line, marked.get(node))
        _edges(ax, nodes, rows[line - 1] if line else [], places, line, marked)
        told = plural(len(numbers), "node")
        told += f", {len(shown)} of them drawn" * (len(shown) < len(numbers))
        ax.text(0, line - 0.08, told, fontsize=9, va="bottom")
    widest = max((min(len(numbers), MOST_NODES) for numbers in rows), default=1)
    ax.set_xlim(-2, max(widest, 2) * (SLOTS + GAP))
    ax.set_ylim(max(len(rows), 2) - 0.3, -0.45)
    ax.set_title(_tree_title(machine, number, key), fontsize=11, loc="left")
    ax.axis("off")
    return ax


def _some(numbers: list[int], wanted: set[int]) -> list[int]:
    """Nodes to draw: the first ones, and those wanted, in order."""
    if len(numbers) <= MOST_NODES:
        return numbers
    kept = [number for number in numbers if number in wanted]
    others = [number for number in numbers if number not in wanted][: MOST_NODES - len(kept)]
    return [number for number in numbers if number in {*kept, *others}]


def _draw_node(
    ax: Axes, nodes: np.ndarray, node: int, left: float, line: int, marked: int | None
) -> None:
    """A strip of slots, those in use filled."""
    ax.add_patch(Rectangle((left, line), SLOTS, 0.4, fc="white", ec=EDGE, lw=0.8))
    for slot in np.flatnonzero(nodes["slots"][node]).tolist():
        colour = WAY if slot == marked else USED
        ax.add_patch(Rectangle((left + slot, line), 1, 0.4, fc=colour, ec="white", lw=0.4))
    if marked is not None:
        words = f"slot {marked}"
        ax.text(left + marked + 0.5, line + 0.42, words, fontsize=9, ha="center", va="top")


def _edges(
    ax: Axes,
    nodes: np.ndarray,
    above: list[int],
    places: dict[int, float],
    line: int,
    marked: dict[int, int],
) -> None:
    """Lines from the slots of drawn nodes to the drawn nodes below."""
    for node in above:
        for slot in np.flatnonzero(nodes["slots"][node]).tolist() if node in places else ():
            below = int(nodes["slots"][node, slot])
            if below in places:
                start = (places[node] + slot + 0.5, line - 0.6)
                end = (places[below] + SLOTS / 2, line)
                on_way = marked.get(node) == slot
                colour, wide = (WAY, 1.6) if on_way else (EDGE, 0.7)
                ax.plot(*zip(start, end, strict=True), color=colour, lw=wide, zorder=0)


def _tree_title(machine: Machine, pool: int, key: int) -> str:
    """How large the tree is, and where the key leads."""
    root = machine.state.pools[pool]
    if root["variant"] != layout.ZBUD_SERIES:
        return f"zbud pool {pool} is plain: its handles are addresses, there is no tree"
    items = plural(int(root["items"]), "item")
    told = f"handles of zbud pool {pool}: {items}, height {root['height']}"
    leads = lookup(machine, pool, key)
    if leads < 0 and key == root["last_handle"]:
        return told
    return f"{told}; handle {key} leads to {f'page {leads}' if leads >= 0 else 'nothing'}"


def lookup(machine: Machine, pool: int, key: int) -> int:
    """The page frame that a handle leads to; -1 = none."""
    root = machine.state.pools[pool]
    if not root["height"]:
        return int(root["rnode"]) - 1 if key == 0 else -1
    steps = way(machine.state.nodes, root, key)
    if len(steps) < root["height"]:
        return -1
    return int(machine.state.nodes["slots"][steps[-1]]) - 1


# --- the lists ---------------------------------------------------------------------------------


def pool_lists(machine: Machine, pool: int) -> dict[int, list[int]]:
    """The pages on each list of a pool that is not empty, first to last, by the list's number."""
    rows, shift = machine.state.rows, int(machine.state.pools[pool]["row_shift"])
    heads = int(machine.state.pools[pool]["list_heads"])
    found = {}
    for number in range(layout.NR_POOL_LISTS):
        link = layout.LRU if number == layout.LRU_LIST else layout.BUDDY
        if rows["next"][heads + number, link] != heads + number:
            members = list_members(rows, link, heads + number)
            found[number] = [row >> shift for row in members]
    return found


def plot_lists(
    machine: Machine,
    *,
    pool: int | None = None,
    marked: Collection[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """The lists of a zbud pool: unbuddied pages by their free chunks, buddied ones, and the LRU.

    A box is a page, newest first, with its 64 chunks from left to right: header, first buddy,
    free, last buddy. pool: default: the one with the most pages. marked: page frames to outline.
    """
    number = pool_shown(machine, pool)
    lists = pool_lists(machine, number)
    order = [*sorted(set(lists) - {layout.BUDDIED, layout.LRU_LIST}), layout.BUDDIED]
    order = [name for name in order if name in lists]
    shown = [*order[:MOST_LISTS], *[layout.LRU_LIST][: layout.LRU_LIST in lists]]
    ax = _axes(ax, (10, 0.9 + 0.42 * max(len(shown), 5)))
    for line, name in enumerate(shown):
        _draw_list(ax, machine, lists[name], line, set(marked))
    ax.set_yticks(range(len(shown)), [f"{list_name(n)} ({len(lists[n])})" for n in shown])
    ax.set_xlim(0, MOST_PAGES + 0.9)
    ax.set_ylim(max(len(shown), 5) - 0.4, -0.6)
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(_lists_title(machine, number, len(order)), fontsize=11, loc="left")
    return ax


def _lists_title(machine: Machine, pool: int, lists: int) -> str:
    """How many pages there are, on how many lists, and whether all of these are drawn."""
    pages = int(machine.state.pools[pool]["pages_nr"])
    if not pages:
        return f"zbud pool {pool} has no page"
    told = f"zbud pool {pool}: {plural(pages)} on {plural(lists, 'list')}, and on the LRU"
    return told + (f" ({lists - MOST_LISTS} not drawn)" if lists > MOST_LISTS else "")


def _draw_list(ax: Axes, machine: Machine, pages: list[int], line: int, marked: set[int]) -> None:
    """Pages of a list as boxes, those marked among them."""
    shown = pages[:MOST_PAGES]
    behind = [pfn for pfn in pages[MOST_PAGES:] if pfn in marked]
    if behind:
        shown = [*shown[: MOST_PAGES - 1], behind[0]]
    for place, pfn in enumerate(shown):
        _draw_page(ax, machine, pfn, place + 0.06, line, marked=pfn in marked)
    if len(pages) > len(shown):
        ax.text(MOST_PAGES + 0.05, line, f"+ {len(pages) - len(shown)}", va="center", fontsize=9)


def _draw_page(
    ax: Axes, machine: Machine, pfn: int, left: float, line: int, *, marked: bool
) -> None:
    """A zbud page: its chunks, and its number."""
    header = machine.state.rows[pfn << int(machine.state.pools[0]["row_shift"])]
    first, last = int(header["first_chunks"]), int(header["last_chunks"])
    colours = palette.CHUNKS["light"]
    unit = 0.88 / layout.NCHUNKS
    parts = (
        (0, layout.ZHDR_CHUNKS, colours["header"], ""),
        (layout.ZHDR_CHUNKS, first, colours["first"], ""),
        (layout.NCHUNKS - last, last, colours["last"], "//"),
    )
    for start, chunks, colour, hatch in parts:
        place = (left + start * unit, line - 0.1)
        box = Rectangle(place, chunks * unit, 0.42, fc=colour, ec="white", lw=0, hatch=hatch)
        ax.add_patch(box)
    edge, wide = (MARK, 2.2) if marked else (EDGE, 0.8)
    ax.add_patch(Rectangle((left, line - 0.1), 0.88, 0.42, fill=False, ec=edge, lw=wide))
    ax.text(left, line - 0.13, str(pfn), fontsize=8, va="bottom", color=MARK if marked else "black")
