"""A schedule as lanes: one for each actor, time going down, a block for each step.

There are two drawings. In the wide one a block names its step. In the narrow one the names are
next to the lanes, so that they can be read on a phone. A bar at a lane shows while its actor holds
an address in a page (right) or a page's lock (left). The arrow joins the step that broke something
and the step that suffers from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from zbudlab.races.account import Account, Told
from zbudlab.view.races import pen

#: Token of each lock.
LOCKS = {"pool": "zbud1", "page": "process", "tree": "cma", "zone": "whole"}
TOP, FOOT = 30, 12  #: pixels above the first row and below the last
ARROW = 7  #: pixels of an arrow's head
BREAKS, SUFFERS = "breaks it", "suffers from it"
LEGEND = (
    "Time goes down. A bar on the right of a lane: the processor holds an address in a page; on "
    "the left: a page's lock."
)


@dataclass(frozen=True)
class Shape:
    """Measures of a drawing in pixels.

    lane: from one lane to the next. block: width of a block, height: its height, row: from one
    block to the next. named: whether blocks contain names. words: where the words begin.
    """

    width: float
    lane: float
    block: float
    height: float
    row: float
    named: bool
    words: float


def wide(actors: int) -> Shape:
    """Return the measures of a drawing for a laptop."""
    lane = min(200.0, 640 / actors)
    return Shape(900, lane, lane - 20, 32, 42, True, lane * actors + 12)


def narrow(actors: int) -> Shape:
    """Return the measures of a drawing for a phone."""
    return Shape(380, 30, 18, 22, 40, False, 30 * actors + 6)


@dataclass
class Sheet:
    """A drawing of an account."""

    told: Account
    shape: Shape
    parts: list[str] = field(default_factory=list)

    def x(self, actor: int) -> float:
        """Return the middle of a lane."""
        return self.shape.lane * (actor + 0.5)

    def y(self, row: int) -> float:
        """Return the middle of a row."""
        return TOP + self.shape.row * (row + 0.5)

    @property
    def rows(self) -> list[tuple[int, str]]:
        """The actor and name of each block, the step ahead included."""
        steps = [(step.actor, step.name) for step in self.told.steps]
        return [*steps, self.told.ahead] if self.told.ahead else steps

    def draw(self, kind: str) -> str:
        """Return the drawing. kind: its class."""
        self._lanes()
        self._bars()
        for row, (actor, name) in enumerate(self.rows):
            self._step(row, actor, name)
        if self.told.broke >= 0:
            self._arrow()
        height = TOP + self.shape.row * max(len(self.rows), 1) + FOOT
        return pen.drawing(self.shape.width, height, "".join(self.parts), alt(self.told), kind)

    def _lanes(self) -> None:
        bottom = TOP + self.shape.row * max(len(self.rows), 1) + FOOT / 2
        for actor, name in enumerate(self.told.actors):
            x = self.x(actor)
            shown = name if self.shape.named else ascii_uppercase[actor]
            middle = "font-weight:600;text-anchor:middle"
            self.parts.append(pen.text(x, TOP - 12, shown, 13, "ink", middle))
            self.parts.append(pen.line(f"M{x:.1f} {TOP - 5}V{bottom:.1f}", "line", 1.5))
        points = [
            f"{self.x(actor):.1f} {self.y(row):.1f}" for row, (actor, _) in enumerate(self.rows)
        ]
        if len(points) > 1:
            self.parts.append(pen.line("M" + "L".join(points), "edge", 1.2, "stroke-opacity:.7"))

    def _bars(self) -> None:
        """Draw a bar from each row to the next for an address or a lock that is held meanwhile."""
        holders: dict[int, None] = {}
        side = self.shape.block / 2 + 4
        for row, step in enumerate(self.told.steps):
            if step.name == "lock_page" and any(locked for *_, locked in step.references):
                holders[step.actor] = None
            elif step.name == "unlock_page":
                holders.pop(step.actor, None)
            down = f"V{self.y(row + 1) if row + 1 < len(self.rows) else self.y(row) + 12:.1f}"
            for actor in holders:
                path = f"M{self.x(actor) - side:.1f} {self.y(row):.1f}{down}"
                self.parts.append(pen.line(path, LOCKS["page"], 4))
            for actor, _ in step.holds:
                path = f"M{self.x(actor) + side:.1f} {self.y(row):.1f}{down}"
                self.parts.append(pen.line(path, "pinned", 4))

    def _step(self, row: int, actor: int, name: str) -> None:
        """Draw a block with its words."""
        step = self.told.steps[row] if row < len(self.told.steps) else None
        content = [self._block(row, actor, step)]
        content += self._names(row, actor, name, step)
        words = self.words(row)
        attributes: dict[str, Any] = {"data_step": row} if step else {}
        self.parts.append(pen.element("g", pen.element("title", words), *content, **attributes))

    def words(self, row: int) -> str:
        """Return what a step is in one sentence, for reading aloud."""
        actor, name = self.rows[row]
        said = f"step {row + 1}, {self.told.actors[actor]}: {name}"
        if row < len(self.told.steps):
            said += f"; {self.told.steps[row].facts}"
        return f"{said}; {self._mark(row)}" if self._mark(row) else said

    def _mark(self, row: int) -> str:
        return {self.told.broke: BREAKS, self.told.suffers: SUFFERS}.get(row, "")

    def _block(self, row: int, actor: int, step: Told | None) -> str:
        shape, x, y = self.shape, self.x(actor), self.y(row)
        bad = bool(self._mark(row))
        style = (
            f"fill:{pen.ink('raised')};stroke:{pen.ink('bad' if bad else 'edge')};"
            f"stroke-width:{2 if bad else 1.2}" + (";stroke-dasharray:4 3" if step is None else "")
        )
        left, top = x - shape.block / 2, y - shape.height / 2
        size = {"width": shape.block, "height": shape.height, "rx": 4}
        drawn = pen.element("rect", x=left, y=top, style=style, **size)
        if step is not None and step.lock:
            path = f"M{left + 3:.1f} {top + 4:.1f}V{top + shape.height - 4:.1f}"
            drawn += pen.line(path, LOCKS[step.lock], 4)
        if not shape.named:
            more = "text-anchor:middle;font-weight:600"
            drawn += pen.text(x + 2, y + 4, str(row + 1), 10, "ink", more)
        return drawn

    def _names(self, row: int, actor: int, name: str, step: Told | None) -> list[str]:
        """Return the name of a step, its lock, and the facts after it."""
        y, words = self.y(row), self.shape.words
        lock = f"{step.lock} lock" if step and step.lock else ""
        mark = self._mark(row)
        facts = _short(step.references) if step else "has not run yet"
        if not self.shape.named:
            under = f"{self.told.actors[actor]} \u00b7 {facts}"
            end, token = (mark, "bad") if mark else (lock, "quiet")
            return [
                pen.text(words, y - 3, name, 13, "ink", "font-weight:600"),
                pen.text(self.shape.width - 4, y - 3, end, 11, token, "text-anchor:end"),
                pen.text(words, y + 12, under, 11, "quiet"),
            ]
        base, _, half = name.partition(" (")
        under = ", ".join(filter(None, (half.rstrip(")"), lock)))
        left = self.x(actor) - self.shape.block / 2 + 11
        size = 12 if 7 * len(base) < self.shape.block - 14 else 10.5
        holds = step.holds if step else ()
        held = [f"{self.told.actors[who]} holds an address in {pfn}" for who, pfn in holds]
        return [
            pen.text(left, y - 2 if under else y + 4, base, size, "ink", "font-weight:600"),
            pen.text(left, y + 11, under, 10.5, "quiet") if under else "",
            pen.text(words, y - 3, facts, 11.5, "ink"),
            pen.text(words, y + 11, mark or ", ".join(held), 11.5, "bad" if mark else "quiet"),
        ]

    def _arrow(self) -> None:
        """Draw the arrow from the step that broke something to the one that suffers."""
        broke, suffers = self.told.broke, self.told.suffers
        start, end = self.rows[broke][0], self.rows[suffers][0]
        half = self.shape.block / 2
        side = (end > start) - (end < start) or 1
        x0, y0 = self.x(start) + side * half, self.y(broke)
        into = -side if end != start else side
        x1, y1 = self.x(end) + into * (half + ARROW), self.y(suffers)
        bend = max(abs(x1 - x0) / 2, 18)
        path = f"M{x0:.1f} {y0:.1f}C{x0 + side * bend:.1f} {y0:.1f} "
        path += f"{x1 + into * bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        head = f"M{x1 - into * ARROW:.1f} {y1:.1f}l{into * ARROW} -5v10z"
        self.parts.append(pen.line(path, "bad", 2.2))
        self.parts.append(pen.element("path", d=head, style=f"fill:{pen.ink('bad')}"))


def _short(references: Sequence[tuple[int, int, bool]]) -> str:
    """Return the references of frames in few words."""
    found = [
        f"{pfn}: {count} {'ref' if count == 1 else 'refs'}{', locked' if locked else ''}"
        for pfn, count, locked in references
    ]
    return f"frame {'; '.join(found)}" if found else ""


def alt(told: Account) -> str:
    """Return a schedule in words."""
    lanes = f"Lanes of {', '.join(told.actors)}. "
    return lanes + "; ".join(told.lines()) + (f". {told.why}" if told.why else "")


def sheets(told: Account) -> tuple[str, str]:
    """Return the wide and the narrow drawing of a schedule."""
    actors = len(told.actors)
    if actors > 4:  # names do not fit into so many lanes
        return Sheet(told, narrow(actors)).draw("wide"), Sheet(told, narrow(actors)).draw("narrow")
    return Sheet(told, wide(actors)).draw("wide"), Sheet(told, narrow(actors)).draw("narrow")


def words(told: Account) -> list[str]:
    """Return each step in one sentence, for reading aloud."""
    sheet = Sheet(told, narrow(len(told.actors)))
    return [sheet.words(row) for row in range(len(told.steps))]
