"""A machine at one moment, to come back to: copies of its arrays and of the little beside them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from zbudlab.machine.core import Core

MEMORY = ("rows", "frames")  # of State: views of the same bytes


@dataclass(frozen=True)
class Snapshot:
    """What `Machine.snapshot` gives: keep it, and hand it to `Machine.restore` of that machine."""

    memory: np.ndarray
    state: dict[str, Any]
    beside: dict[str, Any]
    log_length: int


def owners(machine: Core) -> dict[str, Any]:
    """The objects that hold what a machine is at a moment, by name."""
    return {
        "state": machine.state,
        "device": machine.swap.device,
        "cache": machine.swap.cache,
        "swap": machine.swap,
        "compression": machine.swap.compression,
        "paging": machine.paging,
        "machine": machine,
    }


#: What changes as a machine runs, where that is not all an owner has.
CHANGING = {
    "device": ("pages", "fail", "writes", "reads"),
    "swap": ("busy",),
    "compression": ("failures",),
    "paging": ("events", "failures"),
    "machine": ("pins", "moves", "control"),
}


def parts(machine: Core) -> dict[str, dict[str, Any]]:
    """All that a machine is at a moment, by owner and name: the things themselves, no copies."""
    return {
        name: {key: vars(owner)[key] for key in CHANGING.get(name, vars(owner))}
        for name, owner in owners(machine).items()
    }


def _copies(values: dict[str, Any]) -> dict[str, Any]:
    """Copies of arrays, byte for byte (numpy leaves out the gaps in records), and of the rest."""
    return {
        name: value.view(np.uint8).copy().view(value.dtype)
        if isinstance(value, np.ndarray)
        else copy.deepcopy(value)
        for name, value in values.items()
    }


def take(machine: Core) -> Snapshot:
    """A copy of all that the machine is now."""
    found = parts(machine)
    state = {name: value for name, value in found.pop("state").items() if name not in MEMORY}
    length = len(machine.log) if machine.log is not None else 0
    memory = machine.state.rows.view(np.uint8).copy()
    return Snapshot(memory, _copies(state), copy.deepcopy(found), length)


def restore(machine: Core, snapshot: Snapshot) -> None:
    """Make the machine what it was; the log ends where it did then."""
    machine.state.rows.view(np.uint8)[:] = snapshot.memory
    for name, value in _copies(snapshot.state).items():  # not vars(): `State.mem` must follow
        setattr(machine.state, name, value)
    beside = copy.deepcopy(snapshot.beside)
    for name, owner in owners(machine).items():
        vars(owner).update(beside.get(name, {}))
    if machine.log is not None:
        machine.log.truncate(snapshot.log_length)
