"""A step as a static picture: memory, radix tree and lists, or memory and the pages of a pool."""

from collections.abc import Collection

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.analysis.single_pool import Piece
from zbudlab.layout import ZPOOL_ZBUD
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view import structures, zspages
from zbudlab.view.look import style, tokens
from zbudlab.view.maps import memory_map
from zbudlab.view.step.scene import State

CARDS = 8  #: pages of a pool that are drawn


@style.styled
def picture(machine: Machine, pool: int, marked: Collection[int], title: str) -> Figure:
    """Draw a machine with the structures of a pool. marked: page frames to mark.

    These are the tree and the lists of zbud, and the pages of the other allocators.
    """
    drawn = Figure(figsize=(12, 6), layout="constrained")
    grid = drawn.add_gridspec(2, 2, width_ratios=(1, 1.6))
    kinds, order = frame_kinds(machine.state), machine.config.pageblock_order
    memory_map(kinds, pageblock_order=order, ax=drawn.add_subplot(grid[:, 0]))
    if machine.state.pools["kind"][pool] == ZPOOL_ZBUD:
        structures.plot_radix_tree(machine, pool=pool, ax=drawn.add_subplot(grid[0, 1]))
        lists = drawn.add_subplot(grid[1, 1])
        structures.plot_lists(machine, pool=pool, marked=marked, ax=lists)
    else:
        _draw_pages(drawn.add_subplot(grid[:, 1]), State(machine, pool), marked)
    drawn.suptitle(title, fontsize=12)
    return drawn


def _draw_pages(ax: Axes, state: State, marked: Collection[int]) -> None:
    """Draw pages of a pool with their frames and objects; marked ones first."""
    first = [pfn for pfn in marked if pfn in state.pages]
    shown = sorted([*dict.fromkeys([*first, *sorted(state.pages)])][:CARDS])
    cards = [state.card(pfn) for pfn in shown]
    pages = [[Piece(*each) for each in card.objects] if card else [] for card in cards]
    zspages.draw_groups(ax, [[page] for page in pages], size=9)
    for row, pfn in enumerate(shown):
        words = ax.text(-60, row * (1 + zspages.GAP) + 0.4, f"frame {pfn}", fontsize=10)
        words.set(ha="right", va="center", color=tokens.colour("quiet"))
    ax.set_xlim(-800, 4110)
