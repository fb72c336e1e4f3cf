"""A laboratory for Linux memory under pressure: zbud, zswap, compaction and page migration.

`zbudlab.Machine(zbudlab.MachineConfig(...))` is the one object a user holds. Both names are
looked up on first use, so that importing the package stays quick and compiles nothing.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zbudlab.machine import Machine, MachineConfig

__version__ = "0.1.0"
__all__ = ["Machine", "MachineConfig", "__version__"]


def __getattr__(name: str) -> object:
    """The public names that live in zbudlab.machine, imported when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'zbudlab' has no attribute '{name}'")
    return getattr(importlib.import_module("zbudlab.machine"), name)


def __dir__() -> list[str]:
    """Every name of the package, those not yet looked up included."""
    return sorted({*globals(), *__all__})
