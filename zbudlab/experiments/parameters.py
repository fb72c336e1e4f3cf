"""Kinds of parameters that experiments share, and the settings of machines as parameters."""

from dataclasses import MISSING, fields
from typing import Annotated, Any

from zbudlab.content.compressors import available
from zbudlab.io.values import Choice
from zbudlab.machine import settings
from zbudlab.machine.config import MachineConfig
from zbudlab.sweep.description import NOT_GIVEN, Parameter
from zbudlab.workload import Workload

COMPRESSOR = Choice(tuple(name for name, is_there in available().items() if is_there))

Frames = Annotated[int, settings.FRAMES, "page frames of the machine"]
Order = Annotated[int, settings.ORDER, "blocks counted have 2^order frames"]
Percent = Annotated[int, settings.PERCENT, "zswap's largest share of all frames, percent"]


class WorkloadKind:
    """A workload: the name of a built-in one, a TOML file, or a `Workload`."""

    words = "text"

    def fault(self, name: str, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""
        if isinstance(value, Workload):
            return ""
        if not isinstance(value, str):
            return f"{name} must be a text, not {value!r}"
        try:
            Workload.load(value)
        except ValueError as error:
            return f"{name} is invalid: {error}"
        return ""


WORKLOAD = WorkloadKind()


def _about(name: str) -> str:
    """Return what the docstring of MachineConfig says about a setting, up to a semicolon."""
    lines = [line.strip() for line in (MachineConfig.__doc__ or "").splitlines()]
    for number, line in enumerate(lines):
        if line.startswith(f"{name}: "):
            more = lines[number + 1] if not line.endswith(".") else ""
            about = f"{line} {more}".partition(": ")[2]
            return about.partition(";")[0].strip().removesuffix(".")
    return ""


def machine_settings(**defaults: Any) -> tuple[Parameter, ...]:
    """Return the settings of a machine as parameters. defaults: those of an experiment."""
    kinds = settings.MACHINE | {"compressor": COMPRESSOR}
    return tuple(
        Parameter(
            each.name,
            kinds.get(each.name),
            defaults.get(each.name, NOT_GIVEN if each.default is MISSING else each.default),
            _about(each.name),
        )
        for each in fields(MachineConfig)
    )
