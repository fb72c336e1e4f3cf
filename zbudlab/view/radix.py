"""Pictures of radix trees: levels of nodes, each a strip of 64 slots, with the root on top."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab.history.sentences import plural
from zbudlab.layout import RADIX_TREE_MAP_SIZE as SLOTS
from zbudlab.lessons.trees import Tree, levels, way
from zbudlab.view.look import style
from zbudlab.view.palette import INKS, Ink

GAP = 8  #: slots between nodes
MOST_NODES = 4  #: nodes of a level that are drawn


@style.styled
def figure(tree: Tree, key: int | None = None) -> Figure:
    """Draw a tree. With `key`, mark the slots on the path to its item."""
    drawn = Figure(figsize=(style.WIDE, 0.5 + 0.95 * max(tree.height, 1)), layout="constrained")
    draw(drawn.add_subplot(), tree.nodes, tree.root, key)
    return drawn


def key_values(tree: Tree) -> str:
    """Return the values that `figure` shows, in one line."""
    nodes = [len(numbers) for numbers in tree.levels()]
    return (
        f"{int(tree.root['items'])} items, height {tree.height}, nodes by level {nodes}, "
        f"{tree.nbytes()} bytes, {tree.filled():.0%} of the slots used"
    )


@style.styled
def draw(
    ax: Axes,
    nodes: np.ndarray,
    root: np.void,
    key: int | None,
    least: int = 1,
    ink: Ink = INKS["light"],
) -> None:
    """Draw the nodes of each level with used slots filled and the path of `key` marked.

    In a level with many nodes, only the first ones and those on the path are drawn.

    nodes: records of radix tree nodes. root: record with the tree's root and height. key: None for
    no path. least: levels to leave room for. ink: colours.
    """
    rows = list(levels(nodes, root))
    marked = dict(way(nodes, root, key)) if key is not None else {}
    places: dict[int, float] = {}
    for line, numbers in enumerate(rows):
        shown = _some(numbers, set(marked))
        for place, node in enumerate(shown):
            places[node] = place * (SLOTS + GAP)
            _draw_node(ax, nodes, node, (places[node], line), marked.get(node), ink)
        _edges(ax, nodes, rows[line - 1] if line else [], places, line, marked, ink)
        told = plural(len(numbers), "node")
        told += f", {len(shown)} of them drawn" * (len(shown) < len(numbers))
        ax.text(0, line - 0.08, told, fontsize=9, va="bottom", color=ink.text)
    widest = max((min(len(numbers), MOST_NODES) for numbers in rows), default=1)
    ax.set_xlim(-2, max(widest, 2) * (SLOTS + GAP))
    ax.set_ylim(max(len(rows), least) - 0.3, -0.45)
    ax.axis("off")


def _some(numbers: list[int], wanted: set[int]) -> list[int]:
    """Return the nodes to draw, in order: the wanted ones and the first others."""
    if len(numbers) <= MOST_NODES:
        return numbers
    kept = [number for number in numbers if number in wanted]
    others = [number for number in numbers if number not in wanted][: MOST_NODES - len(kept)]
    return [number for number in numbers if number in {*kept, *others}]


def _draw_node(
    ax: Axes,
    nodes: np.ndarray,
    node: int,
    place: tuple[float, int],
    marked: int | None,
    ink: Ink,
) -> None:
    """Draw a node as a strip of slots with used slots filled."""
    left, line = place
    ax.add_patch(Rectangle(place, SLOTS, 0.4, fc=ink.paper, ec=ink.edge, lw=0.8))
    for slot in np.flatnonzero(nodes["slots"][node]).tolist():
        colour = ink.way if slot == marked else ink.used
        ax.add_patch(Rectangle((left + slot, line), 1, 0.4, fc=colour, ec=ink.paper, lw=0.4))
    if marked is not None:
        words = f"slot {marked}"
        where = (left + marked + 0.5, line + 0.42)
        back = {"facecolor": ink.paper, "edgecolor": "none", "pad": 0.5}  # hides lines behind
        ax.text(*where, words, fontsize=9, ha="center", va="top", color=ink.text, bbox=back)


def _edges(
    ax: Axes,
    nodes: np.ndarray,
    above: list[int],
    places: dict[int, float],
    line: int,
    marked: dict[int, int],
    ink: Ink,
) -> None:
    """Draw lines from the slots of drawn nodes to the drawn nodes below."""
    for node in above:
        for slot in np.flatnonzero(nodes["slots"][node]).tolist() if node in places else ():
            below = int(nodes["slots"][node, slot])
            if below in places:
                start = (places[node] + slot + 0.5, line - 0.6)
                end = (places[below] + SLOTS / 2, line)
                on_way = marked.get(node) == slot
                colour, wide = (ink.way, 1.6) if on_way else (ink.edge, 0.7)
                ax.plot(*zip(start, end, strict=True), color=colour, lw=wide, zorder=0)
