"""Be the scheduler: a game in which the reader decides which processor runs next.

Each level is a small exploration (`zbudlab.races`), and the reader walks through its graph of
states. So the game knows how many schedules are left, and whether one that breaks the kernel is
still among them. JavaScript: races/game.js.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from string import ascii_uppercase
from typing import Any

import anywidget
import traitlets

from zbudlab.io.arguments import checked
from zbudlab.races import explore_named, search
from zbudlab.races.account import Account, account
from zbudlab.races.result import Result
from zbudlab.view.assets import drawn, looks
from zbudlab.view.bundle import MARK, WIDGET_VIEW
from zbudlab.view.lanes import sheet_of
from zbudlab.view.races import lanes, pen

POSTED, MENDED = "v2", "v2-mended"


@dataclass(frozen=True)
class Level:
    """A level. task: what the processors do, and what to try. mended: how the code is mended.

    names: of the scenario, and of the one with mended code.
    """

    title: str
    task: str
    mended: str
    names: tuple[str, str]
    merge: tuple[str, ...] = ()


def _of(name: str) -> tuple[str, str]:
    return name, name


LEVELS = (
    Level(
        "A counter",
        "Two processors add one to the same counter. Each reads it, then writes one more. Make "
        "the counter lose one.",
        "Each processor takes a lock first and holds it from its read to its write.",
        ("counter", "counter-locked"),
    ),
    Level(
        "Fault 1: freed while mapped",
        "One processor reads object 1, one frees it, and compaction moves its page. Move the page "
        "while the reader holds an address in it.",
        "An object that is freed while it is mapped keeps its reference until the last unmap.",
        _of("user-free-compact"),
        ("isolate", "unmap"),
    ),
    Level(
        "Fault 2: the stale header",
        "Now unmap takes two steps: it looks up the page, then takes the lock. Move the page in "
        "between.",
        "The mend of fault 1 is enough: as long as the mapping has its reference, the page stays.",
        _of("user-free-compact"),
        ("isolate",),
    ),
    Level(
        "Fault 3: a reference from zero",
        "Compaction looks at a page, then takes a reference. Two processors free the objects in "
        "that page. Let compaction take its reference from a page that is already free.",
        "Isolation looks again under the pool's lock before it takes the reference.",
        _of("free-free-compact"),
    ),
    Level(
        "Fault 4: the emptied page",
        "Compaction tests page_count before it takes the locks. Let the last objects leave after "
        "the test and before the move.",
        "A page without objects is not moved.",
        _of("free-free-compact"),
        ("isolate",),
    ),
    Level(
        "Fault 5: two lists",
        "Two compactions want the same page. Put it on both of their lists.",
        "An isolated page carries a mark, so that a second compaction leaves it alone.",
        _of("compact-compact"),
        ("isolate",),
    ),
)


class BeTheScheduler(anywidget.AnyWidget):
    """A game: choose which processor runs next, and try to break the kernel.

    level: of LEVELS, from 0. mended: whether to begin with the mended code. The methods `run`,
    `undo`, `restart`, `choose` and `mend` do what the controls do; `path` is who ran so far.
    """

    _esm = drawn("races/sheet.js", "races/game.js")
    _css = looks("races/lanes.css", "races/game.css")

    shown: Any = traitlets.Dict().tag(sync=True)

    @checked()
    def __init__(self, level: int = 0, *, mended: bool = False) -> None:
        self._results: dict[tuple[int, bool], Result] = {}
        self.level, self.mended, self.path = level, mended, list[int]()
        super().__init__()
        self.on_msg(self._asked)
        self.choose(level, mended=mended)

    # --- moves ---------------------------------------------------------------------------------

    @checked()
    def choose(self, level: int, *, mended: bool = False) -> None:
        """Begin a level. ValueError if there is none with that number."""
        if not 0 <= level < len(LEVELS):
            raise ValueError(f"level must be from 0 to {len(LEVELS) - 1}, not {level}")
        self.level, self.mended, self.path = level, mended, []
        self._show()

    @checked()
    def run(self, who: int) -> bool:
        """Run the next step of a processor. Return whether it had one that does not wait."""
        able = 0 <= who < len(self.result.actors) and self._able(who)
        if able:
            self.path.append(who)
            self._show()
        return able

    def undo(self) -> None:
        """Take the last step back."""
        del self.path[-1:]
        self._show()

    def restart(self) -> None:
        """Go back to the start of the level."""
        self.choose(self.level, mended=self.mended)

    @checked()
    def mend(self, mended: bool = True) -> None:
        """Go on with the mended code, or with the code as it was posted, from the start."""
        self.choose(self.level, mended=mended)

    # --- where the game is ---------------------------------------------------------------------

    @property
    def result(self) -> Result:
        """The exploration of this level."""
        return self.explored(self.level, self.mended)

    def explored(self, number: int, mended: bool) -> Result:
        """Return the exploration of a level, with the code as posted or mended."""
        if (number, mended) not in self._results:
            level, profile = LEVELS[number], MENDED if mended else POSTED
            found = explore_named(level.names[mended], profile, merge=level.merge)
            self._results[number, mended] = found
        return self._results[number, mended]

    @property
    def state(self) -> int:
        """The number of the state, or search.FIRST_FAULT - FAULT_* after a step that is a fault."""
        state = 0
        for who in self.path:
            state = int(self.result.edges[state, who])
        return state

    @property
    def fault(self) -> int:
        """What broke, layout.FAULT_*; 0 = nothing so far."""
        state = self.state
        if state < 0:
            return search.FIRST_FAULT - state
        return max(-int(self.result.search.states["end"][state]), 0)

    @property
    def ahead(self) -> tuple[int, int]:
        """The number of schedules that go on from here, and how many of them break something."""
        state = self.state
        return self.result.ahead[state] if state >= 0 else (0, 0)

    def _able(self, who: int) -> bool:
        state = self.state
        return state >= 0 and int(self.result.edges[state, who]) != search.NO_EDGE

    # --- what is shown -------------------------------------------------------------------------

    @property
    def told(self) -> Account:
        """The steps so far."""
        return account(self.result, self.path, self.fault)

    @property
    def news(self) -> str:
        """What broke, or how many schedules are left and whether a bad one is among them."""
        if self.fault:
            return f"You broke it. {self.told.why}"
        left, bad = self.ahead
        if not any(map(self._able, range(len(self.result.actors)))):
            again = " Undo, or start over." if not self.mended else ""
            return f"All processors have finished, and nothing broke.{again}"
        count = f"{left:,} schedules are left" if left > 1 else "One schedule is left"
        if bad:
            return f"{count}, and a bad one is still ahead."
        which = "none of them breaks anything" if left > 1 else "it breaks nothing"
        return f"{count}, and {which}." + ("" if self.mended else " Undo to find another way.")

    def _processors(self) -> list[dict[str, Any]]:
        """Return each processor's name and next step, and whether it can run."""
        told = self.told  # leaves the image after the last step
        found = []
        for who, name in enumerate(told.actors):
            done = self.result.image.actors[who]["pc"] < 0
            able = self._able(who)
            step = "has finished" if done else self.result.programs.step_name(who)
            waits = not done and not able and not self.fault
            words = f"{step} (waits for a lock)" if waits else step
            found.append({"name": f"{ascii_uppercase[who]}: {name}", "next": words, "able": able})
        return found

    def _show(self) -> None:
        level = LEVELS[self.level]
        self.shown = {
            "levels": [each.title for each in LEVELS],
            "level": self.level,
            "mended": self.mended,
            "task": f"{level.mended} Try to break it now." if self.mended else level.task,
            "news": self.news,
            "broken": bool(self.fault),
            "steps": len(self.path),
            "processors": self._processors(),
            "sheet": sheet_of(self.told),
        }

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Carry out a request from the browser."""
        act = message.get("act")
        if act == "run":
            self.run(int(message["who"]))
        elif act == "undo":
            self.undo()
        elif act == "restart":
            self.restart()
        elif act == "choose":
            self.choose(int(message["level"]))
        elif act == "mend":
            self.mend(bool(message["mended"]))

    @property
    def summary(self) -> str:
        """The game in words."""
        level = LEVELS[self.level]
        return "\n".join([f"{level.title}. {self.shown['task']}", *self.told.lines(), self.news])

    def __repr__(self) -> str:
        return self.summary

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Return the widget and, for pages without a kernel, the level and the steps so far."""
        data, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data[WIDGET_VIEW][MARK] = True
        level, sheet = LEVELS[self.level], self.shown["sheet"]
        head = f"<p><b>{escape(level.title)}.</b> {escape(self.shown['task'])}</p>"
        drawing = pen.figure(
            sheet["wide"] + sheet["narrow"], sheet["wide"], lanes.alt(self.told), self.news
        )
        return {**data, "text/plain": repr(self), "text/html": head + drawing}, about
