"""A step as a static picture: memory, radix tree and lists."""

from collections.abc import Collection

from matplotlib.figure import Figure

from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view import structures
from zbudlab.view.maps import memory_map


def picture(machine: Machine, pool: int, marked: Collection[int], title: str) -> Figure:
    """Draw a machine with the tree and lists of a pool. marked: page frames to mark on lists."""
    drawn = Figure(figsize=(12, 6), layout="constrained")
    left, right = drawn.subfigures(1, 2, width_ratios=(1, 1.6), squeeze=False)[0]
    kinds = frame_kinds(machine.state)
    memory_map(kinds, pageblock_order=machine.config.pageblock_order, ax=left.add_subplot())
    above, below = right.subplots(2, 1)
    structures.plot_radix_tree(machine, pool=pool, ax=above)
    structures.plot_lists(machine, pool=pool, marked=marked, ax=below)
    drawn.suptitle(title, fontsize=12)
    return drawn
