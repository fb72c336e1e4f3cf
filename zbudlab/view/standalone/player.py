"""The player for pages without a kernel: every moment of its log is recorded. See player.js."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zbudlab.history import KINDS
from zbudlab.view.standalone import going_on, maps

if TYPE_CHECKING:
    from zbudlab.view.player import Player
    from zbudlab.view.standalone.page import Page

MOST_OPERATIONS = 400  #: of a log that is recorded
MOST_CELLS = 1 << 22  #: of frame maps: frames times moments
NOT_INSIDE = "This operation is recorded as a whole. A notebook steps inside."
NO_MAP = "The map of so many page frames is not recorded. A notebook shows it."


def recorded(view: Player, _page: Page) -> dict[str, Any]:
    """Return all moments of a log: each operation, and the parts of those that move pages.

    ValueError for a log of more than MOST_OPERATIONS operations.
    """
    last = len(view.history)
    if last > MOST_OPERATIONS:
        raise ValueError(
            f"a page can play a log of at most {MOST_OPERATIONS} operations, and this one has "
            f"{last}: shorten the log"
        )
    opens = {"stop": view.stop, "part": view.part}
    fixed = going_on.refusal(view) if _has_map(view, last) else going_on.TOO_LARGE
    record = _Record(view, None if fixed else going_on.States())
    wholes = [record.whole(stop) for stop in range(last + 1)]
    insides = {stop: record.parts(stop) for stop in _entered(view, last)}
    view.go(opens["stop"] or 0)
    if opens["part"] is not None:
        view.inside(opens["part"])
    return {
        "moments": record.moments,
        "wholes": wholes,
        "insides": insides,
        "opens": opens,
        "events": {kind: _stops(view, kind) for kind in KINDS},
        "map": record.map(),
        "no_map": NO_MAP,
        "not_inside": NOT_INSIDE,
        "names": [view.history[stop].name for stop in range(1, last + 1)],
        "fixed": fixed,
        "notes": going_on.NOTES,
        "more": going_on.told(view, record.states) if record.states else None,
    }


def _has_map(view: Player, last: int) -> bool:
    """Return whether the map of each operation is recorded."""
    return view.history.config.frames * (last + 1) <= MOST_CELLS


def _entered(view: Player, last: int) -> list[int]:
    """Return the operations whose parts are recorded: the one shown, and those that move pages."""
    moving = _stops(view, "migration")
    return sorted(
        {*moving, *([view.stop] if view.part is not None else [])} & {*range(1, last + 1)}
    )


def _stops(view: Player, kind: str) -> list[int]:
    """Return the operations at which an event happened."""
    found: list[int] = []
    while (stop := view.history.find(kind, found[-1] if found else 0)) is not None:
        found.append(stop)
    return found


class _Record:
    """Moments of a player, in the order in which they were recorded."""

    def __init__(self, view: Player, states: going_on.States | None) -> None:
        self.view = view
        self.states = states
        self.moments: list[dict[str, Any]] = []
        self.cells: list[dict[str, Any]] = []

    def _add(self) -> int:
        view = self.view
        self.moments.append(view.moment())
        if (len(self.cells) + 1) * view.history.config.frames <= MOST_CELLS:
            self.cells.append(maps.moment(view.frames))
        return len(self.moments) - 1

    def whole(self, stop: int) -> int:
        """Record an operation as a whole and return the number of the moment."""
        self.view.go(stop)
        if self.states is not None:
            self.states.add(self.view.history.machine)
        return self._add()

    def parts(self, stop: int) -> list[int]:
        """Record the parts of an operation, from before the first one on."""
        self.view.go(stop)
        self.view.inside(0)
        count = 0 if self.view.part is None else self.view.parts
        found = []
        for part in range(count + 1):
            self.view.inside(part)
            found.append(self._add())
        return found

    def map(self) -> dict[str, Any] | None:
        """Return the map of all moments, or None if that would be too much."""
        if len(self.cells) < len(self.moments):
            return None
        return {**maps.look(self.view.frames), "moments": self.cells, "opens": 0}
