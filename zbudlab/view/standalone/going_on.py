"""Leave a recorded player at any step: its machine at each stop, for the engine in the page.

What the reader does then runs in the engine (`zbudlab.wasm`); each operation becomes a moment like
the recorded ones. JavaScript: going_on.js, scene.js, acts.js.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zbudlab import layout
from zbudlab.history.changes import list_name, page_record
from zbudlab.history.changes import shown as value_of
from zbudlab.machine import Machine
from zbudlab.mm import inspection
from zbudlab.view.standalone import acts
from zbudlab.view.step import code, plain
from zbudlab.view.step.track import MOST as TRACK
from zbudlab.wasm.image import MOST_BYTES, Image, image

if TYPE_CHECKING:
    from zbudlab.view.player import Player

MOST = 1 << 26  #: bytes of all images of a player together
#: Above a player: while it shows the recording, and once it has left it.
NOTES = (
    "A recording of this run, every step of it. Leave it at any step:",
    "Live: what you do from here on runs in this page, on the same engine.",
)
#: Why a machine cannot go on in a page.
FUNCTIONS = "Its machine runs a student's functions, so it goes on only in a notebook."
RACES = "Its operations are single steps of several processors, so it goes on only in a notebook."
POOLS = "Its pool is not zbud's, so its machine goes on only in a notebook."
TOO_LARGE = "Its machine is too large for a page, so it goes on only in a notebook."

#: The function of each step of a move, by `pc` (races.steps).
FUNCTION_OF_STEP = (
    "page.page_zpool",
    "zbud.zbud_isolate_page",
    "page_alloc.alloc_pages",
    "migrate.freed_while_isolated",
    "migrate.lock_both",
    "zbud_migrate.zbud_migrate_page",
    "migrate.unlock_both",
    "zbud.zbud_putback_page",
    "page_alloc.put_single_page",
)
#: Short names of the steps for the bar, and whether they matter to the reader.
BAR = (
    *(("look", False), ("isolate", True), ("target", False), ("count", True), ("lock", False)),
    *(("move", True), ("unlock", False), ("put", False), ("put", False)),
)
#: The function of each other operation.
FUNCTION_OF = {
    "pin": "page.get_page",
    "unpin": "page_alloc.put_page",
    "compact": "compaction.compact_zone_order",
    "cma_alloc": "cma.alloc_contig_range",
    "cma_release": "cma.free_contig_range",
}
WORDS = {
    "start": "This machine is live now: it left the recording after operation STOP. Choose a "
    "frame, then move or pin its page. To take something back, go back and do something else.",
    "inside": " An operation cannot be left in its middle, so it begins again.",
    "begin": "The page in frame PFN is about to move, in steps as between the kernel's locks. "
    "Pin it after any of them.",
    "pin": "A driver took a reference to the page in frame PFN: it has COUNT now.",
    "not_pinned": "Frame PFN is not in use, so no reference to it can be taken.",
    "unpin": "The driver dropped its reference to the page in frame PFN.",
    "not_inside": "This operation ran in one call. To see the steps of a move, move a single page.",
}

#: Arrays whose changed fields are listed, with their records' types in `layout` and words.
RECORDS = {
    "blocks": ("pageblock", "pageblock"),
    "nodes": ("radix_tree_node", "tree node"),
    "pages": ("page", ""),
    "pools": ("zbud_pool", "pool"),
    "zones": ("zone", ""),
}


def refusal(view: Player) -> str:
    """Say in a sentence why a player cannot go on in a page; an empty text if it can."""
    history, config = view.history, view.history.config
    if history.functions:
        return FUNCTIONS
    if any(history[stop].name.startswith("race_") for stop in range(1, len(history) + 1)):
        return RACES
    pools = history.machine.state.pools
    if (pools["kind"][pools["created"] != 0] != layout.ZPOOL_ZBUD).any():
        return POOLS
    bytes_ = history.machine.state.nbytes()
    frames = config.frames * layout.PAGE_SIZE if config.page_bytes else 0
    if frames > MOST_BYTES or bytes_ * (len(history) + 1) > MOST:
        return TOO_LARGE
    return ""


class States:
    """The machine at each stop, as the difference to the stop before. See going_on.js."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []
        self._before: Image | None = None

    def add(self, machine: Machine) -> None:
        """Add the machine at the next stop."""
        from zbudlab.view.standalone.page import packed_bytes

        made, before = image(machine), self._before
        same = before is not None and before.description == made.description
        data = made.data ^ before.data if before is not None and same else made.data
        self.made.append(
            {"description": None if same else made.description, "data": packed_bytes(data)}
        )
        self._before = made


def told(view: Player, states: States) -> dict[str, Any]:
    """Return what going_on.js needs, as JSON."""
    machine = view.history.machine
    return {
        **acts.told(),
        "states": states.made,
        "codes": [code.listing(name) for name in FUNCTION_OF_STEP],
        "listings": {name: code.listing(of) for name, of in FUNCTION_OF.items()},
        "bar": BAR,
        "words": WORDS,
        "track": TRACK,
        "order": machine.config.pageblock_order,
        **look(machine),
    }


def look(machine: Machine) -> dict[str, Any]:
    """Return what scene.js needs to read a machine."""
    state = machine.state
    heads = range(int(state.zone["list_heads"]), len(state.pages))
    moment = _Zone(state.zone)
    arrays = inspection.arrays(state)
    sized = sorted(RECORDS, key=lambda name: arrays[name].nbytes)
    return {
        "records": [[name, *RECORDS[name]] for name in sized],
        "zone_lists": [page_record(moment, head) for head in heads],  # type: ignore[arg-type]
        "pool_lists": [list_name(number) for number in range(layout.NR_POOL_LISTS)],
        "list_words": [plain.list_words(list_name(n)) for n in range(layout.NR_POOL_LISTS)],
        "links": [layout.LRU, layout.BUDDY],
        "flags": _flags(),
        "marks": _marks(),
        "types": layout.MIGRATE_NAMES,
        "page_bytes": bool(machine.config.page_bytes),
    }


class _Zone:
    """A moment that has only its zone."""

    def __init__(self, zone: np.void) -> None:
        self.zone = zone


def _flags() -> list[tuple[int, str]]:
    """Return the flags of a page with their names, in the order in which they are listed."""
    bits = [1 << bit for bit in range(16)]
    named = [(bit, value_of("page_flags", bit)) for bit in bits]
    every = value_of("page_flags", sum(bits)).split()
    return sorted((each for each in named if each[1] in every), key=lambda e: every.index(e[1]))


def _marks() -> dict[int, str]:
    """Return the counts of mappings that mark a page, in words."""
    marks = [value for name, value in vars(layout).items() if name.endswith("_MAPCOUNT_VALUE")]
    return {mark: value_of("mapcount", mark) for mark in marks}
