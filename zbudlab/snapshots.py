"""A machine at one moment, to come back to: copies of its arrays and of the little beside them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from zbudlab.machine import Machine

MEMORY = ("rows", "frames")  # of State: views of the same bytes


@dataclass(frozen=True)
class Snapshot:
    """What `Machine.snapshot` gives: keep it, and hand it to `Machine.restore` of that machine."""

    memory: np.ndarray
    state: dict[str, Any]
    beside: dict[str, Any]
    log_length: int


def _beside(machine: Machine) -> dict[str, Any]:
    """What a machine has outside its arrays and changes as it runs."""
    swap, paging = machine.swap, machine.paging
    return {
        "device": {name: value for name, value in vars(swap.device).items() if name != "state"},
        "cache": vars(swap.cache),
        "swap": {name: getattr(swap, name) for name in ("busy", "compress_failures")},
        "paging": {name: getattr(paging, name) for name in ("events", "failures")},
        "machine": {name: getattr(machine, name) for name in ("pins", "moves", "control")},
    }


def _copies(values: dict[str, Any]) -> dict[str, Any]:
    """Copies of arrays, byte for byte (numpy leaves out the gaps in records), and of the rest."""
    return {
        name: value.view(np.uint8).copy().view(value.dtype)
        if isinstance(value, np.ndarray)
        else copy.deepcopy(value)
        for name, value in values.items()
    }


def take(machine: Machine) -> Snapshot:
    """A copy of all that the machine is now."""
    state = {name: value for name, value in vars(machine.state).items() if name not in MEMORY}
    length = len(machine.log) if machine.log is not None else 0
    memory = machine.state.rows.view(np.uint8).copy()
    return Snapshot(memory, _copies(state), copy.deepcopy(_beside(machine)), length)


def restore(machine: Machine, snapshot: Snapshot) -> None:
    """Make the machine what it was; the log ends where it did then."""
    machine.state.rows.view(np.uint8)[:] = snapshot.memory
    vars(machine.state).update(_copies(snapshot.state))
    beside = copy.deepcopy(snapshot.beside)
    for owner, name in (
        (machine.swap.device, "device"),
        (machine.swap.cache, "cache"),
        (machine.swap, "swap"),
        (machine.paging, "paging"),
        (machine, "machine"),
    ):
        vars(owner).update(beside[name])
    if machine.log is not None:
        machine.log.truncate(snapshot.log_length)
