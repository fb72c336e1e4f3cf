"""The player: step through a machine's log in both directions and see what each step did and why.

The browser requests a moment of the log. Python restores it and answers with one JSON object, from
which everything is drawn (`step.scene`). One request is open at a time and the newest wins, so a
dragged slider never lags. A log without keyframes is run in slices up to the requested moment, so
that the request can be replaced meanwhile. JavaScript: step/*.js, player*.js.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets import widget_serialization
from matplotlib.figure import Figure

from zbudlab.history import KINDS, History
from zbudlab.history.changes import Change
from zbudlab.history.explanation import Explanation
from zbudlab.history.inside import Inside
from zbudlab.io.arguments import checked
from zbudlab.machine import Machine
from zbudlab.machine.logfile import NoSuchStop
from zbudlab.view import changed_frames, structures, updates
from zbudlab.view.assets import drawn as script
from zbudlab.view.assets import looks
from zbudlab.view.bundle import LiveView
from zbudlab.view.framemap import FrameMap
from zbudlab.view.step import code, track
from zbudlab.view.step.scene import State, pool_of, scene
from zbudlab.view.step.still import picture

MAP_SIZE = 420  #: pixels
SLICE = 0.15  #: seconds of running a log before the browser can replace its request
QUICK = (
    1 << 14
)  #: frames of the largest machine whose picture is drawn at every step, not only at rest
BOOTED = "The machine has just booted: nothing has been done yet."
NOT_YET = "This operation has not begun yet."
STOPPED = "Your code stopped here: "
FILES = ("step/pen.js", "step/draw.js", "step/page.js", "player_driver.js", "player.js")


class Player(LiveView, anywidget.AnyWidget):
    """A log step by step: a bar of named steps, an explanation, the picture, and the code.

    source: a log file, a machine that keeps a log (the player follows it), or a History. stop: the
    operation after which to begin; if pages move in it, the player opens at the move. layout: of
    the frame map, "blocks", "hilbert" or "linear".

    `history` is the log being played, `stop` the current operation, and `part` the current step
    inside it (None = after the whole operation). The methods `go`, `step`, `find`, `inside` and
    `outside` correspond to the controls. If a function that replaces a kernel raises an exception,
    that is a step, too, and `stopped` describes the exception.
    """

    _esm = script(*FILES)
    _css = looks("step/step.css")

    maps: Any = traitlets.List().tag(sync=True, **widget_serialization)
    kinds = traitlets.List(list(KINDS)).tag(sync=True)
    last = traitlets.Int().tag(sync=True)  # operations in the log when the player was made

    @checked()
    def __init__(
        self, source: str | Path | Machine | History, *, stop: int = 0, layout: str = "blocks"
    ) -> None:
        self.history = source if isinstance(source, History) else History(source)
        machine = self.history.machine_at(0)
        self.frames = FrameMap(machine, layout=layout, size=MAP_SIZE)
        super().__init__(maps=[self.frames], last=len(self.history))
        self.stop = 0
        self.part: int | None = None
        self.stopped = ""
        self._inside: Inside | None = None
        self._told: Explanation | None = None
        self._before: State | None = None
        self._drawing = True  # whether the current answer has a picture
        self.on_msg(self._asked)
        self._open(stop)
        updates.follow(machine, self)
        if isinstance(source, Machine):
            updates.follow(source, self)

    def _open(self, stop: int) -> None:
        """Open at a stop; if pages move in its operation, open at the move."""
        self._go(stop)
        if stop and not self.stopped and self._moves():
            self._inside = self.history.inside(stop)
            self._enter(track.first_of_interest(self._inside.parts) or 1)

    # --- actions -------------------------------------------------------------------------------

    @checked()
    def go(self, stop: int) -> None:
        """Show the machine after `stop` operations. IndexError if the log has fewer."""
        self._go(stop)
        self._show()

    @checked()
    def step(self, steps: int = 1) -> None:
        """Go forward by `steps`, or back if negative: operations, or parts inside an operation."""
        self._step(steps)
        self._show()

    @checked()
    def find(self, kind: str, step: int = 1) -> bool:
        """Go to the next event of a kind (step=-1: the previous one). Return whether one was found.

        kind: one of `history.KINDS`.
        """
        found = self.history.find(kind, self.stop, step)
        if found is not None:
            self._go(found)
            self._show()
        return found is not None

    @checked()
    def inside(self, part: int = 1) -> None:
        """Step into the operation shown, to one of its parts (0 = before the first)."""
        self._enter(part)
        self._show()

    def outside(self) -> None:
        """Show the whole operation again."""
        self.go(self.stop)

    def update(self) -> None:
        """Follow the operations that the log's machine has done since; keep the moment shown."""
        here = -1 if self.part is not None else self.stop
        if self.history.stop != here or self.frames.machine is not self.history.machine:
            self._again()
        self._show(pictures=False)

    # --- moments -------------------------------------------------------------------------------

    def _go(self, stop: int) -> None:
        last = len(self.history)
        if not 0 <= stop <= last:
            raise NoSuchStop(f"no stop {stop}: this log has {last} operations")
        self._inside, self.part, self._told, self._before = None, None, None, None
        self.stop = stop
        if stop:
            self._explain(
                lambda: self.history.machine_at(stop - 1), lambda: self.history.explain(stop)
            )
        else:
            self.stopped = ""
            self.history.machine_at(0)
        self._look(self._moves() if stop else [])

    def _explain(self, before: Callable[[], Machine], after: Callable[[], Explanation]) -> None:
        """Explain the step between two moments, or note the exception that stopped it."""
        self.stopped = ""
        try:
            machine = before()
            pool = structures.pool_shown(machine)
            self._before = State(machine, pool) if self._drawing else None
            self._told = after()
        except (OSError, IndexError):
            raise
        except Exception as error:
            if not self.history.functions:
                raise
            self.stopped = f"{STOPPED}{type(error).__name__}: {error}"
            self._told = None
            self.history.leave()

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
        inside = self._inside
        if not len(inside):
            self._go(self.stop)
            return
        self.part = part = min(max(part, 0), len(inside))
        if part:
            self._explain(lambda: inside.machine_at(part - 1), lambda: inside.explain(part))
        else:
            self._told, self._before, self.stopped = None, None, ""
            inside.machine_at(0)
        self._look([])

    def _again(self) -> None:
        """Return to the moment shown after other views moved the machine or the log was cut."""
        part = self.part
        self._go(min(self.stop, len(self.history)))
        if part is not None:
            self._enter(part)

    def _look(self, moves: list[tuple[int, int]]) -> None:
        machine = self.history.machine
        if self.frames.machine is not machine:
            self.frames.machine = machine
            updates.follow(machine, self)
        for view in updates.views(machine):
            if isinstance(view, FrameMap):  # updating another player would move the machine
                view.update(moves)

    def _moves(self) -> list[tuple[int, int]]:
        """Return the pages that moved in the operation shown, as (old frame, new frame)."""
        steps = self.history.steps(self.stop)
        moved = [e for e in steps if e.name == "migrate.unmap_and_move" and e.result == 0]
        return [(entry.arguments[0], entry.arguments[1]) for entry in moved]

    # --- the browser ---------------------------------------------------------------------------

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Carry out a request from the browser and answer it."""
        error, pending = "", False
        drawn = message["act"] == "pictures" or self.history.config.frames <= QUICK
        self._drawing = drawn
        try:
            pending = self._act(message)
        except (OSError, ValueError, IndexError) as refused:
            error = str(refused)
        finally:
            self._drawing = True
        self._show(message["number"], error=error, pending=pending, pictures=drawn)

    def _act(self, message: dict[str, Any]) -> bool:
        """Carry out one action. Return whether it needs more time and must be requested again."""
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
        elif act == "pictures" and self._before is None:
            self._again()
        elif act == "select":
            self.frames.select(int(message["frame"]))
        return False

    def _go_in_time(self, stop: int) -> bool:
        """Go to a stop. Return True if the log has to be run further before that is possible."""
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
            where = "after this" if step > 0 else "before this"
            raise ValueError(f"no {kind} {where}")
        return False

    def _show(
        self,
        number: int = 0,
        *,
        error: str = "",
        pending: bool = False,
        pictures: bool = True,
    ) -> None:
        """Send the step shown to the browser; pictures: include its picture."""
        self.send(
            {
                "number": number,
                "error": error,
                "pending": pending,
                "reached": self.history.reached,
                "whole": self._inside is None or self._inside.whole,
                **self.moment(picture=pictures),
            }
        )

    def moment(self, *, picture: bool = True) -> dict[str, Any]:
        """Return the step shown as one JSON object, from which everything is drawn.

        picture: include `scene` (tree, pages, memory, lists and changes); otherwise it is None.
        """
        return {
            "stop": self.stop,
            "last": len(self.history),
            "part": self.part,
            "title": self.title,
            "heading": self._heading(),
            "sentence": self.sentence,
            "stopped": bool(self.stopped),
            "track": self._track(),
            "code": self._code(),
            "scene": self._scene() if picture else None,
        }

    def _heading(self) -> str:
        """Return the heading: the operation or move shown, and the current step of the bar."""
        roles = self._roles()
        if not roles or self._inside is None or not self.part:
            return self.title
        return track.heading(self._inside.parts, self.part, roles)

    def _track(self) -> dict[str, Any]:
        """Return the named steps of the bar."""
        if self._inside is not None and self.part is not None:
            return track.inside(self._inside.parts, self.part)
        names = [self.history[i].name for i in track.window(len(self.history), self.stop)]
        return track.operations(names, len(self.history), self.stop)

    def _code(self) -> dict[str, Any]:
        """Return the source of this step's function, with its current line."""
        if self._told is None:
            return {"function": "", "linux": "", "file": "", "lines": [], "now": -1}
        if not self.part or self._inside is None:
            return code.listing(self._told.function)
        return code.of_part(self._inside.parts, self.part)

    def _scene(self) -> dict[str, Any]:
        """Return the picture of this step."""
        machine = self.history.machine
        pool = pool_of(machine, self._changes())
        after = State(machine, pool)
        before = self._before if self._before is not None and self._before.pool == pool else after
        changes = [] if self._told is None else self._told.changes
        total = 0 if self._told is None else self._told.changes.total
        return scene(after, before, changes, total, self._roles())

    def _roles(self) -> dict[int, str]:
        """Return the frames of the move shown, {old frame: "old", new frame: "new"}, or {}."""
        if self._inside is None or not self.part:
            return {}
        return track.roles(self._inside.parts, self.part)

    # --- what is shown -------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The title of the step shown."""
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
        """A sentence on what this step did and why."""
        if self.stopped:
            return self.stopped
        if self._told is not None:
            return self._told.sentence
        return BOOTED if not self.stop else NOT_YET

    @property
    def parts(self) -> int:
        """The number of parts of the operation shown, 0 if the player is not inside it."""
        return 0 if self._inside is None else len(self._inside)

    @property
    def changed_frames(self) -> list[int]:
        """The page frames that this step changed, ascending."""
        frames = [
            changed_frames.frame_of(change, self.history.machine) for change in self._changes()
        ]
        return sorted({pfn for pfn in frames if pfn is not None})

    def _changes(self) -> list[Change]:
        return [] if self._told is None else self._told.changes

    @property
    def summary(self) -> str:
        """The content of the player in words."""
        return f"{self.title}\n{self.sentence}\n{self.frames.summary}"

    def figure(self) -> Figure:
        """Draw the player as a static picture: memory, radix tree and lists."""
        machine = self.history.machine
        pool = pool_of(machine, self._changes())
        return picture(machine, pool, self.changed_frames, self.title)
