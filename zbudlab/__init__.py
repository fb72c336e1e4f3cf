"""A laboratory for Linux memory under pressure: zbud, zswap, compaction and page migration.

Start with `zbudlab.Machine`. `Machine` and `MachineConfig` are imported on first use, so that
importing the package stays quick and compiles nothing.
"""

import importlib
from typing import TYPE_CHECKING

from zbudlab._version import __version__

if TYPE_CHECKING:
    from zbudlab.machine import Machine, MachineConfig

__all__ = ["Machine", "MachineConfig", "__version__"]


def __getattr__(name: str) -> object:
    """Import a public name of `zbudlab.machine` when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'zbudlab' has no attribute '{name}'")
    return getattr(importlib.import_module("zbudlab.machine"), name)


def __dir__() -> list[str]:
    """List every name of the package, including those not yet imported."""
    return sorted({*globals(), *__all__})
