"""Pictures and live views of machines. A machine runs without this package.

Public names are imported on first use, so that one view does not load the imports of all others.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zbudlab.view.framemap import FrameMap
    from zbudlab.view.hero import Hero
    from zbudlab.view.hosts import plot_host
    from zbudlab.view.hostwatch import HostWatch
    from zbudlab.view.lanes import Interleaving
    from zbudlab.view.panel import Panel, compare_panels
    from zbudlab.view.player import Player
    from zbudlab.view.plots import plot, plot_buddyinfo, plot_comparison, plot_curves, plot_zbud
    from zbudlab.view.scheduler import BeTheScheduler
    from zbudlab.view.structures import plot_lists, plot_radix_tree
    from zbudlab.view.wrong_step import WrongStep

#: Public names and the modules of this package that define them.
HOMES = {
    "BeTheScheduler": "scheduler",
    "FrameMap": "framemap",
    "Hero": "hero",
    "HostWatch": "hostwatch",
    "Interleaving": "lanes",
    "Panel": "panel",
    "Player": "player",
    "WrongStep": "wrong_step",
    "compare_panels": "panel",
    "plot": "plots",
    "plot_buddyinfo": "plots",
    "plot_comparison": "plots",
    "plot_curves": "plots",
    "plot_host": "hosts",
    "plot_lists": "structures",
    "plot_radix_tree": "structures",
    "plot_zbud": "plots",
}
__all__ = [
    "BeTheScheduler",
    "FrameMap",
    "Hero",
    "HostWatch",
    "Interleaving",
    "Panel",
    "Player",
    "WrongStep",
    "compare_panels",
    "plot",
    "plot_buddyinfo",
    "plot_comparison",
    "plot_curves",
    "plot_host",
    "plot_lists",
    "plot_radix_tree",
    "plot_zbud",
]


def __getattr__(name: str) -> object:
    """Import and return a public name."""
    if name not in HOMES:
        raise AttributeError(f"module 'zbudlab.view' has no attribute '{name}'")
    return getattr(importlib.import_module(f"zbudlab.view.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return all names of the package, including those not yet imported."""
    return sorted({*globals(), *HOMES})
