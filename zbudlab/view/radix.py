"""Radix trees in pictures: levels of nodes, each a strip of 64 slots."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab.layout import RADIX_TREE_MAP_SIZE
from zbudlab.lessons.trees import Tree

SHOWN = 6  #: nodes of a level; of more the first ones
GAP = 8  #: slots between nodes


def _node(ax: Axes, tree: Tree, number: int, left: float, line: int, marked: int | None) -> None:
    """A strip of slots: used ones filled, the one on the way marked."""
    frame = {"facecolor": "white", "edgecolor": "#444444", "linewidth": 1.0}
    ax.add_patch(Rectangle((left, line), RADIX_TREE_MAP_SIZE, 0.5, **frame))  # type: ignore[arg-type]
    for slot in tree.used(number).nonzero()[0]:
        on_way = slot == marked
        colour = "#a33c00" if on_way else "#7fc4f0"
        ax.add_patch(Rectangle((left + slot, line), 1, 0.5, facecolor=colour))
        if on_way:
            ax.text(left + slot + 0.5, line - 0.06, str(slot), ha="center", fontsize=10)


def figure(tree: Tree, key: int | None = None) -> Figure:
    """The nodes of each level, the top above; with `key`, the slots it leads through."""
    levels = list(tree.levels())
    way = tree.way(key) if key is not None else [None] * len(levels)
    drawn = Figure(figsize=(11, 0.4 + 0.75 * max(len(levels), 1)), layout="constrained")
    ax = drawn.add_subplot()
    at = int(tree.root["rnode"])
    for line, (numbers, slot) in enumerate(zip(levels, way, strict=True)):
        for place, number in enumerate(numbers[:SHOWN]):
            left = place * (RADIX_TREE_MAP_SIZE + GAP)
            _node(ax, tree, number, left, line, slot if number == at else None)
        at = int(tree.nodes["slots"][at, slot]) if slot is not None else 0
        told = f"{len(numbers)} node{'s' * (len(numbers) > 1)}"
        told += f", {SHOWN} of them shown" * (len(numbers) > SHOWN)
        ax.text(0, line + 0.72, told, fontsize=10, va="center")
    width = min(SHOWN, max(map(len, levels), default=1)) * (RADIX_TREE_MAP_SIZE + GAP)
    ax.set_xlim(-1, max(width, 3 * RADIX_TREE_MAP_SIZE))
    ax.set_ylim(max(len(levels), 1), -0.3)
    ax.axis("off")
    return drawn


def key_values(tree: Tree) -> str:
    """What `figure` shows, in a line."""
    nodes = [len(numbers) for numbers in tree.levels()]
    return (
        f"{int(tree.root['items'])} items, height {tree.height}, nodes by level {nodes}, "
        f"{tree.nbytes()} bytes, {tree.filled():.0%} of the slots used"
    )
