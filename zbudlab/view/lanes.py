"""The picture of an exploration: a schedule as lanes, the step player below, the graph of states.

`Interleaving(result)` shows the shortest schedule that breaks something. A bad end of the graph, or
of the list above it, shows the schedule that leads there. JavaScript: races/lanes.js.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from zbudlab.io.arguments import checked
from zbudlab.machine.oplog import LogError
from zbudlab.races.account import Account, account
from zbudlab.races.result import Result, Schedule
from zbudlab.view.assets import drawn, looks
from zbudlab.view.bundle import MARK, WIDGET_VIEW
from zbudlab.view.player import Player
from zbudlab.view.races import graph, lanes, pen


class Lanes(anywidget.AnyWidget):
    """A schedule as lanes and the graph of states below. `now` is the step shown, from 0.

    `chosen` is the number of a bad end of the graph; setting it shows its schedule.
    """

    _esm = drawn("races/sheet.js", "races/lanes.js")
    _css = looks("races/lanes.css")

    sheet: Any = traitlets.Dict().tag(sync=True)
    graph: Any = traitlets.Dict().tag(sync=True)
    now: Any = traitlets.Int(0).tag(sync=True)
    chosen: Any = traitlets.Int(-1).tag(sync=True)

    @checked()
    def __init__(self, result: Result, schedule: Schedule) -> None:
        self.result = result
        super().__init__()
        self.show(schedule)

    def show(self, schedule: Schedule) -> None:
        """Show another schedule of the same exploration, at its last step."""
        self.schedule = schedule
        self.told = account(self.result, schedule.actors, schedule.fault)
        self.sheet = sheet_of(self.told)
        self.graph = {
            "drawing": graph.draw(self.result, schedule.actors),
            "ends": graph.named(self.result),
            "words": graph.described(self.result),
        }
        self.now = len(schedule.actors) - 1

    @traitlets.observe("chosen")
    def _choose(self, change: Any) -> None:
        if 0 <= change["new"] < len(self.result.bad):
            self.show(schedule_to(self.result, change["new"]))

    @property
    def summary(self) -> str:
        """The content of the picture in words."""
        lines = [graph.described(self.result), *self.told.lines(), self.told.why]
        return "\n".join(line for line in lines if line)

    def html(self) -> str:
        """Return the picture as HTML for pages without a kernel."""
        wide, narrow = self.sheet["wide"], self.sheet["narrow"]
        drawings = wide + narrow + self.graph["drawing"]
        caption = f"{self.told.why} {lanes.LEGEND} {self.graph['words']}".strip()
        return pen.figure(drawings, wide, lanes.alt(self.told), caption)


def sheet_of(told: Account) -> dict[str, Any]:
    """Return what the browser needs to show a schedule."""
    wide, narrow = lanes.sheets(told)
    return {
        "wide": wide,
        "narrow": narrow,
        "words": lanes.words(told),
        "why": told.why,
        "legend": lanes.LEGEND,
    }


def schedule_to(result: Result, number: int) -> Schedule:
    """Return the shortest schedule to a bad end of an exploration, by number."""
    state, actor, fault = result.bad[number]
    path = [*result.path_to(state), *([actor] if actor >= 0 else [])]
    return result.schedule(path, fault)


def example(result: Result) -> Schedule:
    """Return the shortest faulty schedule, or if there is none, one that ends well."""
    if result.shortest is not None:
        return result.shortest
    ends = result.search.states["end"][: result.states].tolist()
    return result.schedule(result.path_to(ends.index(1)), 0)


class Interleaving(widgets.VBox):
    """The lanes of a schedule, the step player on it, and the graph of all schedules.

    result: of `zbudlab.races.explore`. schedule: the one to show; default: the shortest that breaks
    something, or any if none does. `lanes` is the picture, `player` the step player; it is None
    for schedules of generators and of machines without a log, which cannot be played.
    """

    @checked()
    def __init__(self, result: Result, schedule: Schedule | None = None) -> None:
        self.lanes = Lanes(result, schedule or example(result))
        self.player: Player | None = None
        super().__init__()
        self._play()
        self.lanes.observe(self._play, "sheet")
        self.lanes.observe(self._follow, "now")

    def _play(self, _change: Any = None) -> None:
        """Make a player of the schedule shown."""
        schedule = self.lanes.schedule
        shown: list[widgets.DOMWidget] = [self.lanes]
        self.player = None
        with suppress(ValueError, LogError):
            history = self.lanes.result.play(schedule)
            self._first = len(history) - len(schedule.actors) + 1
            self.player = Player(history, stop=len(history))
            shown.append(self.player)
        self.children = tuple(shown)

    def _follow(self, change: Any) -> None:
        """Show the step of the lanes in the player."""
        if self.player is not None:
            self.player.go(self._first + change["new"])

    def __repr__(self) -> str:
        return self.lanes.summary

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Return the widget and, for pages without a kernel, the lanes and the graph as HTML."""
        bundled = super()._repr_mimebundle_(**kwargs) or {}
        data, about = bundled if isinstance(bundled, tuple) else (bundled, {})
        if WIDGET_VIEW in data:
            data[WIDGET_VIEW][MARK] = True
        return {**data, "text/plain": repr(self), "text/html": self.lanes.html()}, about
