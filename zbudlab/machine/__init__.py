"""The machine: the one object a user holds, its settings, its errors, its log and its moments."""

from zbudlab.machine.config import MachineConfig
from zbudlab.machine.core import SWAP_TYPE
from zbudlab.machine.errors import ConfigError, Inconsistent, MachineError
from zbudlab.machine.machine import Machine

__all__ = [
    "SWAP_TYPE",
    "ConfigError",
    "Inconsistent",
    "Machine",
    "MachineConfig",
    "MachineError",
]
