"""The pressure panel for pages without a kernel: its machine runs in the page. See panel.js.

The machine is the engine's, as WebAssembly (`zbudlab.wasm`). Programs and the order of their
accesses are drawn in the page, from the numbers of the notebook's workload; compressed lengths of
their pages are recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from zbudlab.driver.work import Operations, Work, new_work
from zbudlab.machine import SWAP_TYPE
from zbudlab.view.panel_blocks import AS_GOOD_AS_EMPTY, BLOCK
from zbudlab.view.panel_form import BETWEEN, CONTROLS, FOLDED, NEAR
from zbudlab.wasm.image import image
from zbudlab.workload import pressure as rules
from zbudlab.workload.checks import pages_of
from zbudlab.workload.watch import HUGE_ORDER

if TYPE_CHECKING:
    from zbudlab.view.panel import Panel
    from zbudlab.view.standalone.page import Page

LENGTHS = 512  #: recorded for each kind of content
MOST_FRAMES = 1 << 16  #: of a machine that runs in a page
MOST_PAGES = 4096  #: that an operation accesses
MOST_ACTS = 300  #: of the notebook that are repeated
OPERATIONS = 1024  #: that run in one call
NO_MAP = "The map of single page frames is in a notebook; click a block above to see its frames."
REPEATED = (
    "What the notebook did with it is done again here, with other random numbers; Back undoes it."
)
NOT_REPEATED = "The notebook's machine has run for longer than is repeated here."
FIXED = "Memory size, compressor, kernel, allocator and CMA area are as in this recording."

#: What every panel has.
SAME = {
    "blocks": {"frames": BLOCK, "nearly": AS_GOOD_AS_EMPTY},
    "huge": HUGE_ORDER,
    "near": NEAR,
    "pool": SWAP_TYPE,
    "switch_words": {"movable": ["zbud cannot move", "zbud can move"]},
    "no_map": NO_MAP,
    "between": BETWEEN,
}


def recorded(view: Panel, page: Page) -> dict[str, Any]:
    """Return what runs a panel: machines as booted, the workload's numbers, controls and curves.

    ValueError for a machine of more than MOST_FRAMES frames.
    """
    if view.pressure.frames > MOST_FRAMES:
        raise ValueError(
            f"a page can run a machine of at most {MOST_FRAMES} frames, not {view.pressure.frames}"
        )
    names = list(view.names)
    pressures = [lab.pressure for lab in view.labs]
    programs = _programs(view.labs[0])
    done = view.done if len(view.done) <= MOST_ACTS else []
    return {
        "names": names,
        "machines": [_booted(each, programs) for each in pressures],
        "movable": [each.movable for each in pressures],
        "settings": asdict(view.began),
        "done": done,
        "folded": _folded(view),
        "form": [spec for spec in view.form if not spec["boot"]],
        "charts": view.charts,
        "columns": list(view.columns),
        "history": view.history,
        "programs": programs,
        "kernel": {
            name: getattr(rules, name) for name in ("PROGRAM", "RENEWED", "AT_ONCE", "BIRTHS")
        },
        "work": _arrays(
            Work, new_work(), {name: programs["pages"] * programs["most"] for name in NOTES}
        ),
        "log": _arrays(Operations, _operations(), {}),
        **SAME,
        "fixed": _fixed(len(view.done), len(done)),
    }


def _fixed(acts: int, repeated: int) -> str:
    """Say what a reader cannot change here, and what of the notebook's acts was repeated."""
    if not acts:
        return FIXED
    return f"{FIXED} {REPEATED if repeated else NOT_REPEATED}"


def _folded(view: Panel) -> list[dict[str, Any]]:
    """Return the settings whose controls are folded: name, values and the words of each."""
    controls = {control.name: control for control in CONTROLS}
    found = []
    for name, words in FOLDED.items():
        value = getattr(view.began, name)
        values = controls[name].form(value)["values"]
        found.append({"name": name, "values": values, "words": [words(each) for each in values]})
    return found


NOTES = ("arrivals", "refusals", "page_lengths")  #: arrays of the driver with a place per page


def _booted(pressure: rules.Pressure, programs: dict[str, Any]) -> dict[str, Any]:
    """Return a machine's image, with room for everything that may happen."""
    from zbudlab.view.standalone.page import packed_bytes

    machine = pressure.machine()
    slots = len(machine.state.swap_slots)
    made = image(
        machine,
        processes=programs["most"],
        pages=programs["most"] * programs["pages"],
        stored=slots,
    )
    return {"image": packed_bytes(made.data), "description": made.description}


def _programs(lab: rules.UnderPressure) -> dict[str, Any]:
    """Return what a program does in a step, and the compressed lengths of its pages."""
    frames, run = lab.pressure.frames, lab.run
    lengths, kind = {}, next(iter(run.kinds.values()))
    region = kind.regions[0]
    for name, each in run.kinds.items():
        content = run.content(each.regions[0])
        numbers = np.arange(LENGTHS) % len(content)
        lengths[name] = content.for_machine(lab.machine, numbers).tolist()
    pages = max(pages_of(region.pages, frames), 1)
    most = max(next(c for c in CONTROLS if c.name == "working_set").values)
    bounds = np.cumsum(np.arange(1, pages + 1, dtype=np.float64) ** -region.skew)
    return {
        "pages": pages,
        "grow": round(pages_of(kind.grow, pages) * run.intensity),
        "use": round(pages_of(region.use, pages) * run.intensity),
        "write": region.write,
        "intensity": run.intensity,
        "bounds": (bounds / bounds[-1]).round(6).tolist(),
        "most": -(-most // rules.PROGRAM) + rules.BIRTHS,
        "lengths": lengths,
    }


def _operations() -> Operations:
    numbers = np.zeros(OPERATIONS, np.int64)
    arguments = np.zeros(OPERATIONS + 4 * MOST_PAGES, np.int64)
    places, lengths = np.zeros(MOST_PAGES, np.int64), np.zeros(MOST_PAGES, np.int32)
    empty = np.zeros((0, 0), np.uint8)
    return Operations(numbers, numbers, numbers, numbers, arguments, places, lengths, empty)


def _arrays(
    names: type[Work] | type[Operations], arrays: Iterable[np.ndarray], sizes: dict[str, int]
) -> list[list[Any]]:
    """Return the arrays of a group: name, bytes of an item, shape."""
    return [
        [name, array.dtype.itemsize, [sizes[name]] if name in sizes else list(array.shape)]
        for name, array in zip(names._fields, arrays, strict=True)
    ]
