"""The player: a machine's log on a slider, step by step and back, with what each step did and why.

The browser asks for a moment; Python goes there and answers with everything that is shown beside
the frame map, which looks after itself. One question is open at a time, and the newest wins, so a
dragged slider never lags. A log without keyframes is run as far as asked for, in slices, so that
the question can be changed meanwhile. JavaScript: player.js.
"""

from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets import widget_serialization
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.history import History
from zbudlab.history.changes import Change
from zbudlab.history.explanation import Explanation
from zbudlab.history.history import KINDS
from zbudlab.history.inside import Inside
from zbudlab.machine import Machine
from zbudlab.mm.snapshot import frame_kinds
from zbudlab.view import following, palette, structures, told
from zbudlab.view.assets import script, style
from zbudlab.view.bundle import LiveView
from zbudlab.view.framemap import FrameMap
from zbudlab.view.maps import memory_map
from zbudlab.view.picture import png

MAP_SIZE = 420  #: pixels
SLICE = 0.15  #: seconds for which a log is run on before the browser may change its mind
BOOTED = "The machine has just booted: nothing has been done yet."


class Player(LiveView, anywidget.AnyWidget):
    """A log's operations on a slider: step, play, jump to events, and back.

    source: a log file, a machine that keeps a log (the player follows it), or a History. stop:
    where to begin, in operations. layout: of the frame map. `history` is what it plays, `stop`
    where it is, `part` where inside an operation (None = after all of it).

    Methods do what the controls do: `go`, `step`, `find`, `inside`, `outside`.
    """

    _esm = script("player.js")
    _css = style("player.css")

    maps: Any = traitlets.List().tag(sync=True, **widget_serialization)
    kinds = traitlets.List(list(KINDS)).tag(sync=True)
    last = traitlets.Int().tag(sync=True)  # operations, when this was made

    def __init__(
        self, source: str | Path | Machine | History, *, stop: int = 0, layout: str = "hilbert"
    ) -> None:
        self.history = source if isinstance(source, History) else History(source)
        machine = self.history.machine_at(stop)
        self.frames = FrameMap(machine, layout=layout, size=MAP_SIZE)
        super().__init__(maps=[self.frames], last=len(self.history))
        self.stop = stop
        self.part: int | None = None
        self._inside: Inside | None = None
        self._told: Explanation | None = None
        self._theme: palette.Theme = "light"  # of the page, as the browser said
        self.on_msg(self._asked)
        self._go(stop)
        following.follow(machine, self)
        if isinstance(source, Machine):
            following.follow(source, self)

    # --- what a person does --------------------------------------------------------------------

    def go(self, stop: int) -> None:
        """Show the machine after that many operations. IndexError if there are not so many."""
        self._go(stop)
        self._show()

    def step(self, steps: int = 1) -> None:
        """Go on, or with a negative number back: by operations, or inside one by its parts."""
        self._step(steps)
        self._show()

    def find(self, kind: str, step: int = 1) -> bool:
        """Go to the next event of a kind of `history.KINDS` (step=-1: back); whether there is."""
        found = self.history.find(kind, self.stop, step)
        if found is not None:
            self._go(found)
            self._show()
        return found is not None

    def inside(self, part: int = 1) -> None:
        """Step into the operation that is shown, to one of its parts."""
        self._enter(part)
        self._show()

    def outside(self) -> None:
        """Show the whole operation again."""
        self.go(self.stop)

    def update(self) -> None:
        """See what the machine of the log did meanwhile; keep showing the moment that is shown."""
        here = -1 if self.part is not None else self.stop
        if self.history.stop != here or self.frames.machine is not self.history.machine:
            self._again()
        self._show(pictures=False)

    # --- moments -------------------------------------------------------------------------------

    def _go(self, stop: int) -> None:
        last = len(self.history)
        if not 0 <= stop <= last:
            raise IndexError(f"there is no stop {stop}: this log has {last} operations")
        self._inside, self.part = None, None
        self._told = self.history.explain(stop) if stop else None
        if not stop:
            self.history.machine_at(0)
        self.stop = stop
        self._look(self._moves() if stop else [])

    def _step(self, steps: int) -> None:
        if self._inside is None or self.part is None:
            self._go(min(max(self.stop + steps, 0), len(self.history)))
            return
        part = self.part + steps
        if part > len(self._inside):
            self._go(self.stop)
        elif part < 0:
            self._go(self.stop - 1)
        else:
            self._enter(part)

    def _enter(self, part: int) -> None:
        if not self.stop:
            return
        if self._inside is None or self._inside.stop != self.stop:
            self._inside = self.history.inside(self.stop)
        if not len(self._inside):
            self._go(self.stop)
            return
        self.part = min(max(part, 0), len(self._inside))
        if self.part:
            self._told = self._inside.explain(self.part)
        else:
            self._told = None
            self._inside.machine_at(0)
        self._look([])

    def _again(self) -> None:
        """Go where this player was: somebody took its machine elsewhere, or the log was cut."""
        part = self.part
        self._go(min(self.stop, len(self.history)))
        if part is not None:
            self._enter(part)

    def _look(self, moves: list[tuple[int, int]]) -> None:
        machine = self.history.machine
        if self.frames.machine is not machine:
            self.frames.machine = machine
            following.follow(machine, self)
        for view in following.views(machine):
            if isinstance(view, FrameMap):  # another player would take the machine elsewhere
                view.update(moves)

    def _moves(self) -> list[tuple[int, int]]:
        """Pages that moved in the operation shown."""
        steps = self.history.steps(self.stop)
        moved = [e for e in steps if e.name == "migrate.unmap_and_move" and e.result == 0]
        return [(entry.arguments[0], entry.arguments[1]) for entry in moved]

    # --- the browser ---------------------------------------------------------------------------

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Do what the browser asks for, and answer."""
        error, pending = "", False
        self._theme = "dark" if message.get("theme") == "dark" else "light"
        try:
            pending = self._act(message)
        except (OSError, ValueError, IndexError) as refused:
            error = str(refused)
        pictures = message["act"] == "pictures"
        self._show(message["number"], error=error, pending=pending, pictures=pictures)

    def _act(self, message: dict[str, Any]) -> bool:
        """Do one thing; whether it needs more time, and the question is to be asked again."""
        act = message["act"]
        if act == "go":
            return self._go_in_time(int(message["stop"]))
        if act == "find":
            return self._find_in_time(message["kind"], int(message["step"]))
        if act == "step":
            self._step(int(message["step"]))
        elif act == "inside":
            self._enter(int(message["part"]))
        elif act == "outside":
            self._go(self.stop)
        elif act == "select":
            self.frames.select(int(message["frame"]))
        return False

    def _go_in_time(self, stop: int) -> bool:
        """Go there if it is near; else run the log on for a while, and say so."""
        if stop > self.history.reached and not self.history.build(SLICE, stop):
            return True
        self._go(stop)
        return False

    def _find_in_time(self, kind: str, step: int) -> bool:
        found = self.history.find(kind, self.stop, step, seconds=SLICE)
        if found is not None:
            self._go(found)
        elif not self.history.known(kind, self.stop, step):
            return True
        else:
            where = "behind this" if step > 0 else "before this"
            raise ValueError(f"there is no {kind} {where}")
        return False

    def _show(
        self,
        number: int = 0,
        *,
        error: str = "",
        pending: bool = False,
        pictures: bool = True,
    ) -> None:
        """Tell the browser all that is shown; pictures: of the tree and the lists as well."""
        message = {
            "number": number,
            "error": error,
            "pending": pending,
            "stop": self.stop,
            "last": len(self.history),
            "reached": self.history.reached,
            "part": self.part,
            "stages": self._stages(),
            "whole": self._inside is None or self._inside.whole,
            "title": self.title,
            "sentence": self.sentence,
            **told.message(self._told),
        }
        drawn = [png(figure) for figure in self._figures()] if pictures else []
        self.send(message, drawn)

    def _stages(self) -> list[str]:
        """Names of the parts of the operation that is stepped into."""
        return [] if self._inside is None else [part.stage for part in self._inside.parts]

    # --- what is shown -------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """Which step is shown."""
        if not self.stop:
            return f"before operation 1 of {len(self.history)}"
        entry = self.history[self.stop]
        arguments = ", ".join(map(str, entry.arguments[:6])) + ", ..." * (len(entry.arguments) > 6)
        told = f"operation {self.stop} of {len(self.history)}: {entry.name}({arguments})"
        if self.part is None or self._inside is None:
            return f"{told} -> {entry.result}"
        if not self.part:
            return f"{told}, before it begins"
        stage = self._inside.parts[self.part - 1].stage
        return f"{told}, part {self.part} of {len(self._inside)}: {stage}"

    @property
    def sentence(self) -> str:
        """What this step did and why."""
        if self._told is not None:
            return self._told.sentence
        return BOOTED if not self.stop else "Nothing of this operation is done yet."

    @property
    def changed_frames(self) -> list[int]:
        """Page frames that this step changed."""
        frames = [told.frame_of(change, self.history.machine) for change in self._changes()]
        return sorted({pfn for pfn in frames if pfn is not None})

    def _changes(self) -> list[Change]:
        return [] if self._told is None else self._told.changes

    @property
    def summary(self) -> str:
        """All that is shown, in words."""
        return f"{self.title}\n{self.sentence}\n{self.frames.summary}"

    def _pool_and_key(self) -> tuple[int | None, int | None]:
        """The zbud pool and the handle that this step is about, as far as it tells."""
        pool = key = None
        if self.part and self._inside is not None:
            key = self._inside.parts[self.part - 1].numbers.get("handle") or None
        for change in self._changes():
            if change.array == "pools":
                pool = change.record if pool is None else pool
            if change.array == "rows" and change.field.endswith("_handle") and key is None:
                key = int(change.after) or int(change.before)
        return pool, key

    def _figures(self) -> list[Figure]:
        """The radix tree and the lists, as they are at this step, in the page's theme."""
        paper = palette.INKS[self._theme].paper
        drawn = [
            Figure(figsize=(7, high), layout="constrained", facecolor=paper) for high in (2.6, 4.2)
        ]
        above, below = (figure.add_subplot() for figure in drawn)
        self._structures(above, below, self._theme)
        return drawn

    def _structures(self, above: Axes, below: Axes, theme: palette.Theme = "light") -> None:
        machine = self.history.machine
        pool, key = self._pool_and_key()
        structures.plot_radix_tree(machine, pool=pool, key=key, ax=above, theme=theme)
        marked = self.changed_frames
        structures.plot_lists(machine, pool=pool, marked=marked, ax=below, theme=theme)

    def figure(self) -> Figure:
        """What the player shows, as a picture."""
        machine = self.history.machine
        drawn = Figure(figsize=(12, 6), layout="constrained")
        left, right = drawn.subfigures(1, 2, width_ratios=(1, 1.6), squeeze=False)[0]
        kinds = frame_kinds(machine.state)
        memory_map(kinds, pageblock_order=machine.config.pageblock_order, ax=left.add_subplot())
        self._structures(*right.subplots(2, 1))
        drawn.suptitle(self.title, fontsize=12)
        return drawn
