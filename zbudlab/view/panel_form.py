"""What the pressure panel is made of: its controls, its curves, and its figures in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from zbudlab import layout
from zbudlab.content.compressors import available
from zbudlab.io.values import human
from zbudlab.workload.pressure import BOOT, CONTENTS, FREE, Pressure


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

#: Colours of free blocks by order: dark crumbs, light large blocks.
SHADES = [to_hex(colour) for colour in colormaps["cividis"](np.linspace(0, 1, layout.MAX_ORDER))]
#: Curves: title, columns, names of these, and the axis where it is fixed.
CHARTS: tuple[dict[str, Any], ...] = (
    {
        "title": "free pages, by the order of their block",
        "columns": FREE,
        "names": ["order 0", *map(str, range(1, layout.MAX_ORDER))],
        "colours": SHADES,
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
    got = (
        "was got" if row["met"] else "was not to be had" if row["step"] else "is not yet asked for"
    )
    return (
        f"Step {row['step']:.0f}: {row['programs']:.0f} programs, {free:.0f} of "
        f"{pressure.frames} frames free. zswap holds {row['stored']:.0f} pages in "
        f"{row['pool']:.0f} frames ({row['density']:.2f} in each); {row['from zswap']:.0f} faults "
        f"served by zswap, {row['from swap']:.0f} by swap. Blocks of order 9: "
        f"{row['huge']:.0f}; a block of order {pressure.order} {got} "
        f"(fragmentation index {row['fragmentation']:.3f}); pages moved: {row['moved']:.0f}."
    )
