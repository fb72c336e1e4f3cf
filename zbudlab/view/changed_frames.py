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
