"""Kinds and bounds that several experiments share, and the settings of machines as parameters."""

import typing
from dataclasses import MISSING, fields
from typing import Annotated, Any

from zbudlab.content.compressors import available
from zbudlab.layout import MAX_ORDER
from zbudlab.machine.config import MAX_FRAMES, ZBUD_VARIANTS, MachineConfig
from zbudlab.profiles import PROFILES
from zbudlab.sweep.description import NOT_GIVEN, Parameter, Values, kinds_of
from zbudlab.workload import Workload

COMPRESSORS = tuple(name for name, is_there in available().items() if is_there)

Frames = Annotated[int, Values(64, MAX_FRAMES, about="page frames of the machine")]
Order = Annotated[int, Values(0, MAX_ORDER - 1, about="blocks counted have 2^order frames")]
Percent = Annotated[int, Values(0, 100, about="zswap's largest share of all frames, percent")]


def share(about: str) -> Values:
    """Return the values of a share, 0 to 1."""
    return Values(0, 1, about=about)


def _workload(value: Any) -> None:
    """Raise ValueError for a text that is neither a ready workload nor a valid file."""
    if isinstance(value, str):
        Workload.load(value)


WORKLOAD = Values(check=_workload, about="a ready workload, or a TOML file")

#: Choices and bounds of those settings of a machine that have them.
_LIMITS = {
    "frames": Values(64, MAX_FRAMES),
    "pageblock_order": Values(4, MAX_ORDER - 1),
    "cma_pages": Values(0, MAX_FRAMES),
    "zbud": Values(choices=tuple(ZBUD_VARIANTS)),
    "compressor": Values(choices=COMPRESSORS),
    "max_pool_percent": Values(0, 100),
    "accept_threshold_percent": Values(0, 100),
    "profile": Values(choices=tuple(PROFILES)),
    "swap_pages": Values(0, 1 << 30),
    "min_free": Values(0, MAX_FRAMES),
    "threads": Values(1, 1024),
}


def _about(name: str) -> str:
    """Return what the docstring of MachineConfig says about a setting."""
    lines = [line.strip() for line in (MachineConfig.__doc__ or "").splitlines()]
    for number, line in enumerate(lines):
        if line.startswith(f"{name}: "):
            more = lines[number + 1] if number + 1 < len(lines) else ""
            joined = line if ": " in more or not more else f"{line} {more}"
            return joined.partition(": ")[2].rstrip(".")
    return ""


def machine_settings(**defaults: Any) -> tuple[Parameter, ...]:
    """Return the settings of a machine as parameters. defaults: those of an experiment."""
    hints = typing.get_type_hints(MachineConfig)
    found = []
    for each in fields(MachineConfig):
        default = defaults.get(each.name, NOT_GIVEN if each.default is MISSING else each.default)
        limits = _LIMITS.get(each.name, Values())
        values = Values(limits.low, limits.high, limits.choices, about=_about(each.name))
        found.append(Parameter(each.name, kinds_of(hints[each.name]), default, values))
    return tuple(found)
