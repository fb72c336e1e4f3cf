"""Pictures of fragmentation: free blocks by order, and the kernel's two indices."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.layout import MAX_ORDER
from zbudlab.machine import Machine
from zbudlab.mm.vmstat import extfrag_indices
from zbudlab.view.look import style, tokens

ORDERS = np.arange(MAX_ORDER)


def _indices(machine: Machine) -> np.ndarray:
    """Return the fragmentation and unusable indices by order, as fractions, (2, MAX_ORDER)."""
    indices = np.zeros((2, MAX_ORDER), np.int64)
    extfrag_indices(machine.state.mem, indices)
    return indices / 1000


def _blocks(ax: Axes, machine: Machine) -> None:
    """Draw a bar for the pages in free blocks of each order."""
    blocks = machine.state.zone["nr_free"]
    bars = ax.bar(
        ORDERS, blocks << ORDERS, color=tokens.colour("edge"), edgecolor=tokens.colour("paper")
    )
    ax.bar_label(bars, [str(n) if n else "" for n in blocks], padding=2, fontsize=10)
    ax.set_ylabel("free pages in blocks of that order")
    ax.set_title("free blocks (their number above the bar)")


def _lines(ax: Axes, machine: Machine) -> None:
    """Draw the two indices by order, without points where the fragmentation index is undefined."""
    fragmentation, unusable = _indices(machine)
    said = fragmentation >= 0
    ax.plot(ORDERS, unusable, "s--", color=tokens.colour("ink"), label="unusable free space index")
    ax.plot(
        ORDERS[said],
        fragmentation[said],
        "o-",
        color=tokens.colour("accent"),
        label="fragmentation index",
    )
    ax.set_ylim(-0.03, 1.03)
    ax.set_title("the two indices")
    ax.figure.legend(
        *ax.get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False
    )


@style.styled
def figure(machine: Machine) -> Figure:
    """Draw free blocks by order next to both indices by order."""
    drawn = Figure(figsize=(style.WIDE, 3.6), layout="constrained")
    for ax, draw in zip(drawn.subplots(1, 2), (_blocks, _lines), strict=True):
        draw(ax, machine)
        ax.set_xlabel("order")
        ax.set_xticks(ORDERS)
    return drawn


def key_values(machine: Machine, order: int = 9) -> str:
    """Return the values that `figure` shows for one order, in one line."""
    free = int(machine.state.zone["nr_free_pages"])
    ready = int((machine.state.zone["nr_free"][order:] << ORDERS[: MAX_ORDER - order]).sum())
    fragmentation, unusable = _indices(machine)[:, order]
    said = f"{fragmentation:.3f}" if fragmentation >= 0 else "none (a block is there)"
    return (
        f"{free} pages free, {free >> order} blocks of order {order} if they lay together, "
        f"{ready} available; unusable {unusable:.3f}, fragmentation index {said}"
    )
