"""Definitions of the pressure panel: controls, curves, and figures in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zbudlab import layout
from zbudlab.content.compressors import available
from zbudlab.io.values import human
from zbudlab.machine.settings import PRESSURE, over
from zbudlab.profiles import ALLOCATORS, PROFILES
from zbudlab.workload.pressure import BOOT, CONTENTS, FREE, Pressure


def percent(value: int) -> str:
    """Format a percentage."""
    return f"{value} %"


def of_memory(value: int) -> str:
    """Format a share of memory."""
    return f"{value} % of memory"


def memory(frames: int) -> str:
    """Format a number of frames as a size of memory."""
    return f"{human(frames * layout.PAGE_SIZE)} ({frames:,} frames)"


def block(order: int) -> str:
    """Format an order with its size."""
    return f"{order} ({human(layout.PAGE_SIZE << order)})"


def usual(zpool: str | None) -> str:
    """Format an allocator; None is the one that the kernel uses by default."""
    return zpool or "the usual one"


@dataclass(frozen=True)
class Control:
    """A control of the panel.

    name: a setting of Pressure. label: shown to the reader. values: possible values. words: formats
    a value. kind: "slider", "choice" or "switch".
    """

    name: str
    label: str
    values: tuple[Any, ...]
    words: Callable[[Any], str] = str
    kind: str = "slider"

    def form(self, value: Any) -> dict[str, Any]:
        """Return the control for the browser; `value` is added to `values` if it is missing."""
        values = list(self.values)
        if value not in values:
            values = sorted([*values, value])
        said = [self.words(each) for each in values]
        return {
            "name": self.name,
            "label": self.label,
            "primary": self.name in PRIMARY,
            "boot": self.name in BOOT,
            "kind": self.kind,
            "values": values,
            "words": said,
            "value": value,
        }


#: Settings whose controls are always visible; the others are folded.
PRIMARY = ("working_set", "max_pool_percent", "movable")
CONTROLS = (
    Control("frames", "memory size", tuple(1 << n for n in range(12, 19)), memory),
    Control("working_set", "Programs use", over(PRESSURE["working_set"], 5), of_memory),
    Control("content", "pages compress", tuple(CONTENTS)),
    Control(
        "max_pool_percent", "zswap may take", over(PRESSURE["max_pool_percent"], 2, 60), of_memory
    ),
    Control("compressor", "compressor", tuple(available()), kind="choice"),
    Control("profile", "zswap of", tuple(PROFILES), kind="choice"),
    Control("zpool", "its allocator", (None, *ALLOCATORS), usual, kind="choice"),
    Control("movable", "zbud pages can move", (False, True), kind="switch"),
    Control(
        "unmovable", "unmovable pages of the kernel", over(PRESSURE["unmovable"], 1, 30), of_memory
    ),
    Control("cma", "CMA area", over(PRESSURE["cma"], 5), of_memory),
    Control("exits", "programs that end in a step", over(PRESSURE["exits"], 1, 30), percent),
    Control("order", "order of the block asked for", over(PRESSURE["order"]), block),
)


def _share(name: str) -> Callable[[int], str]:
    return lambda share: f"{share} % {name}" if share else f"no {name}"


#: Settings whose controls are folded, each with its words in the line that replaces them.
FOLDED: dict[str, Callable[[Any], str]] = {
    "frames": lambda frames: human(frames * layout.PAGE_SIZE),
    "content": lambda content: f"pages compress {content}",
    "compressor": str,
    "profile": lambda profile: f"zswap of {profile}",
    "zpool": lambda zpool: zpool or "",
    "unmovable": _share("kernel pages"),
    "cma": _share("CMA"),
    "exits": lambda exits: f"{exits} % of programs end in a step",
    "order": lambda order: f"asks for order {order}",
}
BETWEEN = " \N{MIDDLE DOT} "  #: between the words of two settings


def folded(pressure: Pressure) -> str:
    """Return the settings whose controls are folded, in one line."""
    parts = [words(getattr(pressure, name)) for name, words in FOLDED.items()]
    return BETWEEN.join(part for part in parts if part)


#: Free memory in bands: words, the orders of its blocks, and the token of its colour.
BANDS = (
    ("crumbs", range(3), "quiet"),
    ("small", range(3, 6), "edge"),
    ("large", range(6, 9), "wholefill"),
    ("huge", range(9, layout.MAX_ORDER), "whole"),
)
#: Curves: title, columns (the columns of a band are added up), their names, tokens of their
#: colours ("machine": that of the machine's kind), the height in pixels, the quantity at the top
#: of a fixed axis or its range, and whether the curve is folded.
CHARTS: tuple[dict[str, Any], ...] = (
    {
        "title": "Huge pages available",
        "columns": ["huge"],
        "names": ["huge pages"],
        "colours": ["machine"],
        "high": 70,
        "top": "blocks",
    },
    {
        "title": "Free memory, by size of its blocks",
        "columns": [[FREE[order] for order in orders] for _, orders, _ in BANDS],
        "names": [name for name, _, _ in BANDS],
        "colours": [colour for _, _, colour in BANDS],
        "high": 70,
        "top": "frames",
        "stacked": True,
    },
    {
        "title": "zswap",
        "columns": ["stored", "pool"],
        "names": ["pages stored", "in frames"],
        "colours": ["zbud2", "zbud1"],
        "high": 56,
    },
    {
        "title": "Faults in a step, served by",
        "columns": ["from zswap", "from swap"],
        "names": ["zswap", "swap device"],
        "colours": ["zbud2", "c_none"],
        "high": 48,
    },
    {
        "title": "Fragmentation index of the order asked for (-1: such a block is free)",
        "columns": ["fragmentation"],
        "names": ["index"],
        "colours": ["ink"],
        "high": 48,
        "range": [-1, 1],
        "folded": True,
    },
    {
        "title": "Pages moved in a step",
        "columns": ["moved"],
        "names": ["moved"],
        "colours": ["ink"],
        "high": 48,
        "folded": True,
    },
    {
        "title": "Stored pages in a frame of the pool",
        "columns": ["density"],
        "names": ["density"],
        "colours": ["zbud2"],
        "high": 48,
        "range": [0, 2],
        "folded": True,
    },
)
NEAR = 10  #: steps within which changes of one setting are one event


def event(name: str, before: Any, after: Any) -> str:
    """Return a change of a setting in a few words, for a mark in the curves."""
    control = next(control for control in CONTROLS if control.name == name)
    if control.kind == "switch":
        return "zbud can move" if after else "zbud cannot move"
    if name == "working_set":
        return "programs use more" if after > before else "programs use less"
    if name == "max_pool_percent":
        return "larger pool" if after > before else "smaller pool"
    return f"{control.label}: {control.words(after)}"


def with_event(
    events: list[tuple[float, str, str]], step: float, name: str, words: str
) -> list[tuple[float, str, str]]:
    """Return events (step, name, words) with one more, which replaces one of its name nearby."""
    kept = [e for e in events if e[1] != name or step - e[0] > NEAR]
    return [*kept, (step, name, words)]


def in_words(row: dict[str, float], pressure: Pressure) -> str:
    """Return a row of figures as text."""
    free = sum(row[name] for name in FREE)
    got = (
        "was available"
        if row["met"]
        else "was not available"
        if row["step"]
        else "is not yet requested"
    )
    return (
        f"Step {row['step']:.0f}: {row['programs']:.0f} programs, {free:,.0f} of "
        f"{pressure.frames:,} frames free. zswap holds {row['stored']:,.0f} pages in "
        f"{row['pool']:,.0f} frames ({row['density']:.2f} in each); "
        f"{row['from zswap']:,.0f} faults served by zswap, {row['from swap']:,.0f} by swap. "
        "Blocks of order 9: "
        f"{row['huge']:.0f}; a block of order {pressure.order} {got} "
        f"(fragmentation index {row['fragmentation']:.3f}); pages moved: {row['moved']:,.0f}."
    )
