"""The machine you sit at, in the pictures that simulated ones have."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.host import Host, Zone
from zbudlab.layout import MAX_ORDER
from zbudlab.mm import vmstat
from zbudlab.view.plots import LINES, plot_free_blocks

#: By the kernel's names, in the order that the colours of migrate types have.
TYPE_ORDER = ("Unmovable", "Reclaimable", "Movable", "HighAtomic", "CMA", "Isolate")


def _blocks(zone: Zone) -> dict[str, list[int]]:
    """Free blocks by type; all as one where the types are not known."""
    if not zone.by_type:
        return {"types not known": zone.free}
    return {name: zone.by_type.get(name, [0] * MAX_ORDER) for name in TYPE_ORDER}


def _indices(ax: Axes, zones: list[Zone]) -> None:
    """How much of each zone's free memory is of no use to an order."""
    for colour, zone in zip(LINES, zones, strict=False):
        index = zone.index(vmstat.unusable_free_index)
        ax.plot(np.arange(MAX_ORDER), index, "o-", color=colour, label=f"zone {zone.name}")
    ax.set_ylim(-0.03, 1.03)
    ax.set_xticks(np.arange(MAX_ORDER))
    ax.set_xlabel("order wanted")
    ax.set_title("unusable index: share of free memory in smaller blocks", fontsize=12)
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)


def plot_host(host: Host) -> Figure:
    """Free blocks of each zone that has any, as `plot_buddyinfo` draws them, and their indices."""
    zones = [zone for zone in host.zones if zone.free_pages]
    figure = Figure(figsize=(7.5, 3.8 * (len(zones) + 1)), layout="constrained")
    axes = figure.subplots(len(zones) + 1, 1, squeeze=False)[:, 0]
    for ax, zone in zip(axes, zones, strict=False):
        plot_free_blocks(_blocks(zone), ax=ax)
        where = f"Linux {host.release}, node {zone.node}, zone {zone.name}"
        ax.set_title(f"{where}\n{ax.get_title()}", fontsize=12)
    _indices(axes[-1], zones)
    return figure
