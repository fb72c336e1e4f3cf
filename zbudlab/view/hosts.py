"""Pictures of the reader's own computer, drawn like those of simulated machines."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from zbudlab.host import Host, Zone
from zbudlab.host.frames import KINDS, joined
from zbudlab.io.arguments import checked
from zbudlab.view.arrangement import arrange
from zbudlab.view.look import style, tokens
from zbudlab.view.plots import DASHES, LINES, plot_free_blocks

#: Migrate types by their kernel names, in the order of `plots.TYPES`.
TYPE_ORDER = ("Unmovable", "Reclaimable", "Movable", "HighAtomic", "CMA", "Isolate")

#: Colours by use of a frame, the same as in maps of simulated machines where the uses agree.
FRAME_COLOURS = {
    kind: tokens.colour(name)
    for kind, name in zip(
        KINDS,
        ["paper", "lost", "free", "isolated", "zbud1", "process", "edge", "pinned", "kernel"],
        strict=True,
    )
}
MOST_CELLS = 1 << 16


def _blocks(zone: Zone) -> dict[str, list[int]]:
    """Return free blocks by migrate type, or all under one name if the types are unknown."""
    if not zone.by_type:
        return {"types not known": zone.free}
    orders = max(len(zone.free), *map(len, zone.by_type.values()))
    known = {name: zone.by_type.get(name, []) for name in TYPE_ORDER}
    return {name: blocks + [0] * (orders - len(blocks)) for name, blocks in known.items()}


def _indices(ax: Axes, zones: list[Zone]) -> None:
    """Draw the share of each zone's free memory that is unusable for each order."""
    several = len({zone.node for zone in zones}) > 1
    for place, zone in enumerate(zones):
        index = zone.unusable_index()
        dashes = DASHES[place // len(LINES) % len(DASHES)]
        name = str(zone) if several else f"zone {zone.name}"
        colour = LINES[place % len(LINES)]
        ax.plot(np.arange(len(index)), index, f"o{dashes}", color=colour, label=name)
    ax.set_ylim(-0.03, 1.03)
    ax.set_xticks(np.arange(max(len(zone.free) for zone in zones)))
    ax.set_xlabel("order wanted")
    ax.set_title("unusable index: share of free memory in smaller blocks")
    ax.legend(frameon=False, ncols=1 + len(zones) // 7)


@style.styled
def plot_frames(host: Host, *, ax: Axes | None = None) -> Axes:
    """Draw page frames in Hilbert order, each cell in the colour of its most frequent kind.

    ValueError if kpageflags could not be read (see `Host.kinds`).
    """
    if not len(host.kinds):
        raise ValueError("the use of each page frame is not known: only root can read it")
    together = 1
    while len(host.kinds) > MOST_CELLS * together:
        together *= 4  # a square of the Hilbert curve
    cells = joined(host.kinds, together)
    ax = ax or Figure(figsize=(7.5, 5), layout="constrained").add_subplot()
    colours = ListedColormap([*FRAME_COLOURS.values()])
    picture = arrange(len(cells), "hilbert").picture(cells, KINDS.index("no frame"))
    ax.imshow(picture, cmap=colours, vmin=0, vmax=len(KINDS) - 1, interpolation="nearest")
    ax.set_axis_off()
    each = "a cell a frame" if together == 1 else f"a cell {together} frames"
    ax.set_title(f"page frames in Hilbert order, {each}")
    patches = [
        Patch(
            facecolor=FRAME_COLOURS[name], edgecolor=tokens.colour("edge"), label=f"{name}: {count}"
        )
        for name, count in host.frames.items()
        if count
    ]
    ax.legend(
        handles=patches, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, frameon=False
    )
    return ax


@style.styled
@checked()
def plot_host(host: Host) -> Figure:
    """Draw free blocks of each zone that has any, as `plot_buddyinfo` does, and their indices.

    If the uses of page frames could be read, draw a map of them at the bottom.
    """
    zones = [zone for zone in host.zones if zone.free_pages]
    rows = len(zones) + 1 + (len(host.kinds) > 0)
    figure = Figure(figsize=(7.5, 3.8 * rows), layout="constrained")
    axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
    for ax, zone in zip(axes, zones, strict=False):
        plot_free_blocks(_blocks(zone), ax=ax)
        where = f"Linux {host.release or 'of unknown version'}, node {zone.node}, zone {zone.name}"
        ax.set_title(f"{where}\n{ax.get_title(loc='left')}")
    _indices(axes[len(zones)], zones)
    if len(host.kinds):
        plot_frames(host, ax=axes[-1])
    return figure
