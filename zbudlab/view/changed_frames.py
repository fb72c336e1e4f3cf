"""Frames that a change concerns, for the player."""

from zbudlab.history.changes import Change
from zbudlab.machine import Machine

SHOWN = 120  #: changes that are listed at most


def frame_of(change: Change, machine: Machine) -> int | None:
    """Return the page frame that a change concerns, or None."""
    frames = machine.config.frames
    shift = int(machine.state.pools[0]["row_shift"])
    record = change.record >> shift if change.array == "rows" else change.record
    return record if change.array in ("pages", "frames", "rows") and record < frames else None


def selectable(change: Change) -> int:
    """Return the frame that a click on a change selects, or -1."""
    here = change.array in ("pages", "frames") and change.where.startswith(("struct", "page frame"))
    if change.where.startswith("zbud header"):
        return int(change.where.rpartition(" ")[2])
    return change.record if here else -1
