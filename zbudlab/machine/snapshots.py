"""A machine at one moment, to return to: copies of its arrays and of its few other values."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from zbudlab.io.values import shown
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.core import Core
from zbudlab.machine.errors import ConfigError
from zbudlab.machine.oplog import OperationLog

MEMORY = ("rows", "frames")  # of State: views of the same bytes


@dataclass(frozen=True)
class Snapshot:
    """The result of `Machine.snapshot`, for `Machine.restore` of the same machine.

    config: of the machine. memory, state, others: copies of its state. log, log_length, cuts: its
    log, the log's length, and how often it had been truncated.
    """

    config: MachineConfig
    memory: np.ndarray
    state: dict[str, Any]
    others: dict[str, Any]
    log: OperationLog | None
    log_length: int
    cuts: int


def owners(machine: Core) -> dict[str, Any]:
    """Return the objects that hold the state of a machine, by name."""
    return {
        "state": machine.state,
        "device": machine.swap.device,
        "cache": machine.swap.cache,
        "swap": machine.swap,
        "compression": machine.swap.compression,
        "paging": machine.paging,
        "notes": machine.paging.notes,
        "machine": machine,
    }


#: The attributes that change as a machine runs, of owners that have others, too.
CHANGING = {
    "device": ("pages", "fail", "writes", "reads"),
    "swap": ("busy",),
    "compression": ("failures",),
    "paging": ("events", "failures"),
    "machine": ("pins", "pin_kinds", "moves", "control", "cma_bitmap"),
}


def parts(machine: Core) -> dict[str, dict[str, Any]]:
    """Return the state of a machine by owner and name: the objects themselves, no copies."""
    return {
        name: {key: vars(owner)[key] for key in CHANGING.get(name, vars(owner))}
        for name, owner in owners(machine).items()
    }


def _copies(values: dict[str, Any]) -> dict[str, Any]:
    """Return copies of values; arrays byte for byte, as NumPy leaves out the gaps in records."""
    return {
        name: value.view(np.uint8).copy().view(value.dtype)
        if isinstance(value, np.ndarray)
        else copy.deepcopy(value)
        for name, value in values.items()
    }


def take(machine: Core) -> Snapshot:
    """Return a copy of the state of a machine."""
    machine.journal.flush()
    found = parts(machine)
    state = {name: value for name, value in found.pop("state").items() if name not in MEMORY}
    log = machine.log
    return Snapshot(
        config=machine.config,
        memory=machine.state.rows.view(np.uint8).copy(),
        state=_copies(state),
        others=copy.deepcopy(found),
        log=log,
        log_length=0 if log is None else len(log),
        cuts=0 if log is None else log.cuts,
    )


def restore(machine: Core, snapshot: Snapshot) -> None:
    """Return a machine and its log to the state of a snapshot, or refuse and change nothing."""
    _check(machine, snapshot)
    machine.state.rows.view(np.uint8)[:] = snapshot.memory
    for name, value in _copies(snapshot.state).items():  # not vars(): `State.mem` must follow
        setattr(machine.state, name, value)
    others = copy.deepcopy(snapshot.others)
    for name, owner in owners(machine).items():
        vars(owner).update(others.get(name, {}))
    if machine.log is not None:
        machine.log.truncate(snapshot.log_length)


def _check(machine: Core, snapshot: Any) -> None:
    """Raise TypeError if this is no snapshot, ConfigError if another machine or history made it."""
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"snapshot must be a return value of snapshot(), not {shown(snapshot)}")
    mine, others = machine.config.as_dict(), snapshot.config.as_dict()
    if differing := [name for name in mine if mine[name] != others[name]]:
        here, there = (
            ", ".join(f"{name}={values[name]!r}" for name in differing) for values in (mine, others)
        )
        raise ConfigError(f"the snapshot is of a machine with {there}, this one has {here}")
    log = machine.log
    if log is None:
        return
    if snapshot.log is not log:
        raise ConfigError("the snapshot is of another machine, whose log this one does not have")
    if log.kept_since(snapshot.cuts) < snapshot.log_length:
        raise ConfigError(
            f"the snapshot was taken after {snapshot.log_length} log entries, and the machine has "
            "gone back before that since: its log no longer leads there"
        )
