"""The pressure panel: controls, frame map and live curves of a machine under pressure.

The browser requests one step at a time and sends the current settings with each request. Dragging
a slider therefore queues no work (the newest value wins), pausing stops the requests, and a slow
browser or a busy kernel only slows the panel down. Python answers with rows of figures. The maps
are `FrameMap` widgets, which update themselves. JavaScript: panel*.js.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import anywidget
import numpy as np
import traitlets
from ipywidgets import widget_serialization
from matplotlib.figure import Figure

from zbudlab.io.arguments import checked
from zbudlab.machine import Machine
from zbudlab.view import panel_blocks, panel_still, updates
from zbudlab.view.assets import drawn, looks
from zbudlab.view.bundle import LiveView
from zbudlab.view.framemap import FrameMap
from zbudlab.view.panel_form import CHARTS, CONTROLS, event, folded, in_words, with_event
from zbudlab.workload.pressure import BOOT, COLUMNS, Pressure, UnderPressure, side_by_side

HISTORY = 300  #: steps that the curves show
MAP_SIZE = 384  #: pixels

Labs = dict[str, UnderPressure]
Act = tuple[str, dict[str, Any]]  #: "step", "compact" or "change", and the settings changed


class Panel(LiveView, anywidget.AnyWidget):
    """A machine under pressure, with controls, its frame map and live curves.

    settings: those of `pressure.Pressure`, by name. boot: makes the machines from the settings, by
    name. `machine` is the machine. `step`, `run`, `pause`, `compact` and `reset` correspond to the
    buttons, `change` to the sliders. ConfigError for invalid settings.
    """

    _esm = drawn("panel_blocks.js", "panel_curves.js", "panel_controls.js", "panel.js")
    _css = looks("panel.css")

    maps: Any = traitlets.List().tag(sync=True, **widget_serialization)
    names: Any = traitlets.List().tag(sync=True)
    form: Any = traitlets.List().tag(sync=True)  # definitions of the controls
    charts: Any = traitlets.List().tag(sync=True)
    columns = traitlets.List(list(COLUMNS)).tag(sync=True)
    history = traitlets.Int(HISTORY).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)

    @checked()
    def __init__(
        self,
        *,
        boot: Callable[[Pressure], Labs] = lambda pressure: {"": UnderPressure(pressure)},
        **settings: Any,
    ) -> None:
        self._boot = boot
        self._pressure = Pressure.of(**settings)
        self._labs = boot(self._pressure)
        self._rows: dict[str, deque[dict[str, float]]] = {}
        self._events: list[tuple[float, str, str]] = []
        self._opened: tuple[int, int] | None = None  # machine and block shown large
        self._began = self._pressure
        self._done: list[Act] = []
        many = len(self._labs) > 1
        shown = [c for c in CONTROLS if not (many and c.name == "movable")]
        super().__init__(
            maps=[FrameMap(lab.machine, size=MAP_SIZE) for lab in self._labs.values()],
            names=list(self._labs),
            form=[c.form(getattr(self._pressure, c.name)) for c in shown],
            charts=list(CHARTS),
        )
        self._start_rows()
        self.on_msg(self._asked)

    # --- actions -------------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        """The machine, or the first of two."""
        return self.machines[0]

    @property
    def machines(self) -> list[Machine]:
        """The machines, from left to right."""
        return [lab.machine for lab in self._labs.values()]

    @property
    def labs(self) -> list[UnderPressure]:
        """The machines with their pressure, from left to right."""
        return list(self._labs.values())

    @property
    def pressure(self) -> Pressure:
        """The current settings."""
        return self._pressure

    @property
    def began(self) -> Pressure:
        """The settings with which the machines were booted."""
        return self._began

    @property
    def done(self) -> list[Act]:
        """What was done since then, in order."""
        return list(self._done)

    @checked()
    def step(self, steps: int = 1) -> None:
        """Run `steps` steps and show the result."""
        for _ in range(steps):
            self._step()
        self._show(fresh=True)

    def run(self) -> None:
        """Run until `pause`, as fast as the browser can show it."""
        self.running = True

    def pause(self) -> None:
        """Stop running."""
        self.running = False

    @checked()
    def reset(self, seed: int | None = None) -> None:
        """Restart with the same seed or another one."""
        self._restart(self._pressure if seed is None else replace(self._pressure, seed=seed))
        self._show(fresh=True)

    def compact(self) -> None:
        """Compact all memory and show the result."""
        self._compact()
        self._show(fresh=True)

    def change(self, **settings: Any) -> None:
        """Change settings. A new memory size, compressor, CMA area or seed restarts the machine."""
        self._change(Pressure.of(**(asdict(self._pressure) | settings)))
        self._show(fresh=True)

    # --- figures -------------------------------------------------------------------------------

    @property
    def summary(self) -> str:
        """The last step in words, one line per machine."""
        lines = []
        for name, lab in self._labs.items():
            lines.append(f"{name}: " * bool(name) + in_words(lab.row, self._pressure))
        return "\n".join(lines)

    @property
    def curves(self) -> dict[str, dict[str, list[float]]]:
        """The figures of the curves by machine, as columns for `plot_curves`."""
        return {
            name: {column: [row[column] for row in rows] for column in COLUMNS}
            for name, rows in self._rows.items()
        }

    # --- steps ---------------------------------------------------------------------------------

    def _step(self) -> None:
        for name, lab in self._labs.items():
            self._rows[name].append(lab.step())
        self._done.append(("step", {}))

    def _change(self, pressure: Pressure) -> None:
        if pressure == self._pressure:
            return
        before = asdict(self._pressure)
        if any(getattr(pressure, name) != getattr(self._pressure, name) for name in BOOT):
            self._restart(pressure)
            return
        for lab in self._labs.values():
            fixed = len(self._labs) > 1  # each of two machines keeps its `movable`
            lab.change(replace(pressure, movable=lab.pressure.movable) if fixed else pressure)
        self._pressure = pressure
        changed = {name: new for name, new in asdict(pressure).items() if new != before[name]}
        self._done.append(("change", changed))
        for name, after in changed.items():
            self._note(name, event(name, before[name], after))

    def _note(self, name: str, words: str) -> None:
        """Mark what was done at this step in the curves."""
        self._events = with_event(
            self._events, self._rows[next(iter(self._rows))][-1]["step"], name, words
        )

    def _restart(self, pressure: Pressure) -> None:
        """Boot with new settings. If that fails, everything stays as it was."""
        self._labs = self._boot(pressure)
        self._pressure = pressure
        for shown, lab in zip(self.maps, self._labs.values(), strict=True):
            shown.machine = lab.machine
        self._start_rows()

    def _start_rows(self) -> None:
        self._events, self._opened = [], None
        self._began, self._done = self._pressure, []
        self._begun = True  # the browser's rows belong to another machine
        for machine in self.machines:
            updates.follow(machine, self)
        self._rows = {name: deque([lab.row], maxlen=HISTORY) for name, lab in self._labs.items()}

    def _compact(self) -> None:
        for machine in self.machines:
            machine.compact()
        self._done.append(("compact", {}))
        self._note("compact", "compact")
        self._look_again()

    def _look_again(self) -> bool:
        """Read the figures of the last step again. Return whether they changed."""
        before = [rows[-1] for rows in self._rows.values()]
        for name, lab in self._labs.items():
            self._rows[name][-1] = lab.look()
        return before != [rows[-1] for rows in self._rows.values()]

    def update(self) -> None:
        """Show changes made to a machine from outside the panel (see `following`)."""
        if self._look_again():
            self._show()

    # --- the browser ---------------------------------------------------------------------------

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Carry out a request from the browser. Send an answer even if it fails."""
        error = "this went wrong in Python"
        opened = message.get("opened")
        self._opened = None if opened is None else (opened[0], opened[1])
        try:
            error = self._act(message["act"], message["settings"])
        finally:
            self._show(number=message["number"], error=error, fresh=message["act"] == "hello")

    def _act(self, act: str, settings: dict[str, Any]) -> str:
        """Carry out an action with these settings. Return the error, or an empty text."""
        if act == "hello" or (act == "run" and not self.running):
            return ""
        try:
            self._change(Pressure.of(**(asdict(self._pressure) | settings)))
            self._acts()[act]()
        except (OSError, ValueError) as refused:
            return str(refused)
        return ""

    def _acts(self) -> dict[str, Callable[[], None]]:
        another = int(np.random.default_rng().integers(1 << 31))
        return {
            "run": self._step,
            "step": self._step,
            "change": self._step,
            "compact": self._compact,
            "reset": lambda: self._restart(self._pressure),
            "seed": lambda: self._restart(replace(self._pressure, seed=another)),
        }

    def _show(self, *, number: int = 0, error: str = "", fresh: bool = False) -> None:
        """Update all maps and send the figures; fresh: send all rows instead of the last."""
        fresh = fresh or self._begun
        self._begun = False
        rows = [list(kept) if fresh else [kept[-1]] for kept in self._rows.values()]
        message = {
            "number": number,
            "error": error,
            "fresh": fresh,
            "settings": asdict(self._pressure),
            "said": {c.name: c.words(getattr(self._pressure, c.name)) for c in CONTROLS},
            "folded": folded(self._pressure),
            "summaries": self.summary.split("\n"),
            "events": [(step, words) for step, _, words in self._events],
            "blocks": [
                panel_blocks.told(lab.machine, int(lab.row["huge"])) for lab in self._labs.values()
            ],
        }
        arrays = [np.array([[r[c] for c in COLUMNS] for r in some], "<f4") for some in rows]
        try:
            for machine in self.machines:
                updates.refresh(machine, by=self)
        finally:  # a map that fails must not leave the browser waiting
            self.send(message, [*(array.tobytes() for array in arrays), *self._kinds()])

    def _kinds(self) -> list[bytes]:
        """Return the kinds of frames that the browser draws, by machine."""
        place, block = self._opened or (-1, None)
        return [
            panel_blocks.kinds(machine, block if number == place else None)
            for number, machine in enumerate(self.machines)
        ]

    # --- without a kernel ----------------------------------------------------------------------

    def figure(self) -> Figure:
        """Draw the panel as a static picture: blocks and curves of each machine."""
        curves = self.curves
        return panel_still.figure(
            [panel_still.Shown(n, lab.machine, curves[n]) for n, lab in self._labs.items()]
        )


def compare_panels(**settings: Any) -> Panel:
    """Return a panel of two machines with the same work: zbud pages cannot move and can move.

    settings: those of `Panel` except `movable`, for which ValueError is raised.
    """
    if "movable" in settings:
        raise ValueError("the two machines differ in `movable`: it cannot be set for both")
    return Panel(boot=side_by_side, **settings)
