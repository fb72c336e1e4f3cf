"""The pressure panel: controls, the frame map and live curves over a machine under pressure.

The browser asks for steps, one at a time, with the controls as they stand when it asks. So
dragging never queues up work (the newest value wins), pausing means not to ask any more, and a
slow browser or a busy kernel only makes it slower. Python answers with rows of figures; the maps
are `FrameMap`s and look after themselves. JavaScript: panel*.js.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from ipywidgets import widget_serialization
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from zbudlab import layout
from zbudlab.compressors import available
from zbudlab.config import human
from zbudlab.machine import Machine
from zbudlab.pressure import BOOT, COLUMNS, CONTENTS, FREE, Pressure, UnderPressure, side_by_side
from zbudlab.view import plots
from zbudlab.view.bundle import HINT, bundle
from zbudlab.view.framemap import FrameMap
from zbudlab.view.picture import png, width

HERE = Path(__file__).parent
SCRIPTS = ("framemap_parts.js", "panel_curves.js", "panel_controls.js", "panel.js")
HISTORY = 400  #: steps that the curves go back
MAP_SIZE = 384  #: pixels

Labs = dict[str, UnderPressure]


def percent(value: int) -> str:
    """A share as a person says it."""
    return f"{value} %"


def of_memory(value: int) -> str:
    """A share of memory."""
    return f"{value} % of memory"


def memory(frames: int) -> str:
    """A number of frames as a size of memory."""
    return f"{human(frames * layout.PAGE_SIZE)} ({frames} frames)"


def block(order: int) -> str:
    """An order as a size."""
    return f"{order} ({human(layout.PAGE_SIZE << order)})"


@dataclass(frozen=True)
class Control:
    """A control: setting of Pressure, its label, what it can be set to, and that in words."""

    name: str
    label: str
    values: tuple[Any, ...]
    words: Callable[[Any], str] = str
    kind: str = "slider"

    def form(self, value: Any) -> dict[str, Any]:
        """What the browser makes of it; a value that is not among `values` is added."""
        values = list(self.values)
        if value not in values:
            values = sorted([*values, value])
        said = [self.words(each) for each in values]
        label = f"{self.label} (starts anew)" if self.name in BOOT else self.label
        return {
            "name": self.name,
            "label": label,
            "kind": self.kind,
            "values": values,
            "words": said,
            "value": value,
        }


CONTROLS = (
    Control("frames", "memory size", tuple(1 << n for n in range(12, 19)), memory),
    Control("working_set", "working set of the programs", tuple(range(0, 301, 5)), of_memory),
    Control("content", "pages compress", tuple(CONTENTS)),
    Control("max_pool_percent", "zswap's pool at most", tuple(range(0, 61, 2)), of_memory),
    Control("compressor", "compressor", tuple(available()), kind="choice"),
    Control("movable", "zbud pages can be moved", (False, True), kind="switch"),
    Control("unmovable", "unmovable pages of the kernel", tuple(range(31)), of_memory),
    Control("cma", "CMA area", tuple(range(0, 51, 5)), of_memory),
    Control("exits", "programs that end in a step", tuple(range(31)), percent),
    Control("order", "order of the block asked for", tuple(range(layout.MAX_ORDER)), block),
)

_SHADES = [to_hex(colour) for colour in colormaps["cividis"](np.linspace(0, 1, layout.MAX_ORDER))]
#: Curves: title, columns, names of these, and the axis where it is fixed.
CHARTS: tuple[dict[str, Any], ...] = (
    {
        "title": "free pages, by the order of their block",
        "columns": FREE,
        "names": ["order 0", *map(str, range(1, layout.MAX_ORDER))],
        "colours": _SHADES,
        "stacked": True,
    },
    {
        "title": "zswap",
        "columns": ["stored", "pool"],
        "names": ["pages stored", "frames of the pool"],
    },
    {
        "title": "stored pages in a frame of the pool",
        "columns": ["density"],
        "names": ["density"],
        "range": [0, 2],
    },
    {
        "title": "faults in a step, served by",
        "columns": ["from zswap", "from swap"],
        "names": ["zswap", "swap device"],
    },
    {
        "title": "fragmentation index of the order asked for (-1: such a block is free)",
        "columns": ["fragmentation"],
        "names": ["index"],
        "range": [-1, 1],
    },
    {"title": "blocks of order 9 to be had", "columns": ["huge"], "names": ["blocks"]},
    {"title": "pages moved in a step", "columns": ["moved"], "names": ["moved"]},
)


def in_words(row: dict[str, float], pressure: Pressure) -> str:
    """A row of figures in words."""
    free = sum(row[name] for name in FREE)
    got = "was got" if row["met"] else "was not to be had"
    return (
        f"Step {row['step']:.0f}: {row['programs']:.0f} programs, {free:.0f} of "
        f"{pressure.frames} frames free. zswap holds {row['stored']:.0f} pages in "
        f"{row['pool']:.0f} frames ({row['density']:.2f} in each); {row['from zswap']:.0f} faults "
        f"served by zswap, {row['from swap']:.0f} by swap. Blocks of order 9: "
        f"{row['huge']:.0f}; a block of order {pressure.order} {got} "
        f"(fragmentation index {row['fragmentation']:.3f}); pages moved: {row['moved']:.0f}."
    )


class Panel(anywidget.AnyWidget):
    """A machine under pressure, with controls, its frame map and live curves.

    Settings are those of `pressure.Pressure`, by name. `machine` is the machine; `step`, `run`,
    `pause`, `compact` and `reset` do what the buttons do, `change` what the sliders do.
    ConfigError for settings that cannot be.
    """

    _esm = "\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS)
    _css = HERE / "panel.css"

    maps = traitlets.List().tag(sync=True, **widget_serialization)
    names = traitlets.List().tag(sync=True)
    form = traitlets.List().tag(sync=True)  # of controls
    charts = traitlets.List().tag(sync=True)
    columns_sent = traitlets.List(list(COLUMNS)).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)

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

    # --- what a person does --------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        """The machine; of two, the first."""
        return self.machines[0]

    @property
    def machines(self) -> list[Machine]:
        """The machines, from left to right."""
        return [lab.machine for lab in self._labs.values()]

    @property
    def pressure(self) -> Pressure:
        """How hard it is pressed now."""
        return self._pressure

    def step(self, steps: int = 1) -> None:
        """Go on by so many steps."""
        for _ in range(steps):
            self._step()
        self._show(fresh=True)

    def run(self) -> None:
        """Go on until `pause`, as fast as the browser shows it."""
        self.running = True

    def pause(self) -> None:
        """Stop where it is."""
        self.running = False

    def reset(self, seed: int | None = None) -> None:
        """Begin again with the same seed, or with another."""
        self._restart(self._pressure if seed is None else replace(self._pressure, seed=seed))
        self._show(fresh=True)

    def compact(self) -> None:
        """Compact all memory now."""
        for machine in self.machines:
            machine.compact()
        self._look_again()
        self._show(fresh=True)

    def change(self, **settings: Any) -> None:
        """Press differently from now on; memory size, compressor, CMA area and seed start anew."""
        self._change(Pressure.of(**(asdict(self._pressure) | settings)))
        self._show(fresh=True)

    # --- figures -------------------------------------------------------------------------------

    @property
    def summary(self) -> str:
        """The last step in words, a line a machine."""
        lines = []
        for name, lab in self._labs.items():
            lines.append(f"{name}: " * bool(name) + in_words(lab.row, self._pressure))
        return "\n".join(lines)

    @property
    def columns(self) -> dict[str, dict[str, list[float]]]:
        """The curves' figures by machine: columns for `plot_curves`."""
        return {
            name: {column: [row[column] for row in rows] for column in COLUMNS}
            for name, rows in self._rows.items()
        }

    # --- steps ---------------------------------------------------------------------------------

    def _step(self) -> None:
        for name, lab in self._labs.items():
            self._rows[name].append(lab.step())

    def _change(self, pressure: Pressure) -> None:
        if pressure == self._pressure:
            return
        if any(getattr(pressure, name) != getattr(self._pressure, name) for name in BOOT):
            self._restart(pressure)
            return
        for lab in self._labs.values():
            fixed = len(self._labs) > 1  # of two machines each keeps what makes it different
            lab.change(replace(pressure, movable=lab.pressure.movable) if fixed else pressure)
        self._pressure = pressure

    def _restart(self, pressure: Pressure) -> None:
        """Begin again; where that is impossible, everything stays as it was."""
        self._labs = self._boot(pressure)
        self._pressure = pressure
        for shown, lab in zip(self.maps, self._labs.values(), strict=True):
            shown.machine = lab.machine
        self._start_rows()

    def _start_rows(self) -> None:
        self._rows = {name: deque([lab.row], maxlen=HISTORY) for name, lab in self._labs.items()}

    def _look_again(self) -> None:
        """Read the figures of the last step anew: somebody may have changed the machine."""
        for name, lab in self._labs.items():
            self._rows[name][-1] = lab.look()

    # --- the browser ---------------------------------------------------------------------------

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Do what the browser asks for, and answer in any case."""
        error = ""
        fresh = message["act"] != "run"
        try:
            self._act(message["act"], message.get("settings", {}))
        except (OSError, ValueError) as refused:
            error = str(refused)
        self._show(number=message["number"], error=error, fresh=fresh)

    def _act(self, act: str, settings: dict[str, Any]) -> None:
        if act == "hello" or (act == "run" and not self.running):
            return
        seed = settings.get("seed", self._pressure.seed)
        self._change(Pressure.of(**(asdict(self._pressure) | settings | {"seed": seed})))
        if act in ("step", "change", "run"):
            self._step()
        elif act == "compact":
            for machine in self.machines:
                machine.compact()
            self._look_again()
        elif act == "reset":
            self._restart(self._pressure)
        elif act == "seed":
            self._restart(
                replace(self._pressure, seed=int(np.random.default_rng().integers(1 << 31)))
            )

    def _show(self, *, number: int = 0, error: str = "", fresh: bool = False) -> None:
        """Bring the maps up to date and send the figures; fresh: all of them, not the last row."""
        for shown in self.maps:
            shown.update()
        rows = [list(kept) if fresh else [kept[-1]] for kept in self._rows.values()]
        message = {
            "number": number,
            "error": error,
            "fresh": fresh,
            "settings": asdict(self._pressure),
            "summaries": self.summary.split("\n"),
        }
        arrays = [np.array([[r[c] for c in COLUMNS] for r in some], "<f4") for some in rows]
        self.send(message, [array.tobytes() for array in arrays])

    # --- without a kernel ----------------------------------------------------------------------

    def figure(self) -> Figure:
        """The panel as a picture: map and curves, a row a machine."""
        drawn = Figure(figsize=(11, 0.4 + 4.2 * len(self._labs)), layout="constrained")
        axes = drawn.subplots(len(self._labs), 3, squeeze=False)
        for row, (name, lab) in zip(axes, self._labs.items(), strict=True):
            columns = self.columns[name]
            plots.plot(lab.machine, ax=row[0])
            free = [columns[order] for order in FREE]
            row[1].stackplot(columns["step"], free, colors=_SHADES)
            row[1].set_title("free pages by order (dark: 0, light: 10)", fontsize=11)
            row[1].set_xlabel("step")
            plots.plot_curves(columns, ["stored", "pool", "from zswap", "from swap"], ax=row[2])
            row[2].set_title(name or "zswap", fontsize=11)
        drawn.suptitle(HINT, fontsize=11)
        return drawn

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        drawn = self.figure()
        return bundle(self, png(drawn), self.summary, width(drawn))

    def __repr__(self) -> str:
        return self.summary


def compare_panels(**settings: Any) -> Panel:
    """Two machines side by side with the same work: zbud pages that cannot move, and that can.

    Settings are those of `Panel`, without `movable`.
    """
    if "movable" in settings:
        raise ValueError("the two machines differ in `movable`: it cannot be set for both")
    return Panel(boot=side_by_side, **settings)
