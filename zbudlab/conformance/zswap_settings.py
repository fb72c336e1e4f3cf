"""The state around zswap 3.12 in a trace: memory, limits, the swap cache's policies."""

from errno import ENOMEM
from typing import Any

import numpy as np

from zbudlab.conformance.trace import Operation
from zbudlab.conformance.zswap_world import (
    TraceCache,
    TraceCompressor,
    TraceSwap,
)
from zbudlab.layout import MAX_SWAPFILES
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.swap.settings import ZswapSettings

#: The counters of debugfs in 3.12 and 6.1, in the order of the traces.
PRINTED = (
    "pool_limit_hit",
    "written_back_pages",
    "reject_reclaim_fail",
    "reject_compress_poor",
    "reject_alloc_fail",
    "reject_kmemcache_fail",
    "duplicate_entry",
    "stored_pages",
    "pool_pages",
)
POLICIES = ("auto", "new", "exists", "nomem", "gone", "default")
FOREVER = 1 << 62
MAX_SETTING = 1 << 31


class ZswapWorld:
    """zswap with its swap areas, and the settings of the kernel around it."""

    def __init__(self, variant: int, frames: int) -> None:
        self.state = State(frames, pools=MAX_SWAPFILES)
        free_all_bootmem(self.state.mem, frames, [])
        self.variant = variant
        self.compressor = TraceCompressor()
        self.cache = TraceCache()
        self.swap = TraceSwap(
            self.state,
            ZswapSettings("3.12", totalram=1_000_000, variant=variant),
            compressor=self.compressor,
            cache=self.cache,
        )
        self.swap.at["store"] = self.refuse_frames_at_limit
        self.views = self.swap.views
        self.given: dict[int, int] = {}  # handles issued, by type
        self.last: dict[int, int] = {}  # B of the page stored last, by slot
        self.movable = 0
        self.limit = 0
        self.every = 1

    # --- what is printed -----------------------------------------------------------------------

    def frames_live(self) -> int:
        """Return the number of frames in use."""
        zone = self.state.zone
        return int(zone["spanned_pages"] - zone["nr_free_pages"])

    def counters(self) -> list[int]:
        """Return the counters that traces print."""
        counts = self.swap.counters()
        return [counts[name] for name in PRINTED]

    def counted(self) -> dict[str, Any]:
        """Return counters and frames in use, as each line has them."""
        return {"ctr": self.counters(), "frames": self.frames_live()}

    def area_snapshot(self, type: int) -> dict[str, Any]:
        """Return the state of a swap area as traces print it."""
        view = self.views[type]
        area = self.state.swap_info[type]
        start = int(area["start"])
        slots = self.state.swap_slots[start : start + int(area["nr_slots"])]
        stored = np.flatnonzero(slots["entry"])
        entries = self.state.zswap_entries[slots["entry"][stored]]
        kept = (slot - start for slot in self.cache.pages)
        return {
            "entries": [
                [int(offset), int(e["length"]), int(e["refcount"]), view.number(int(e["handle"]))]
                for offset, e in zip(stored, entries, strict=True)
            ],
            "stale": stored[slots["frontswap"][stored] == 0].tolist(),
            "kept": sorted(offset for offset in kept if 0 <= offset < len(slots)),
            **view.snapshot(),
        }

    def snapshot(self) -> dict[str, Any]:
        """Return the state of all swap areas."""
        return {str(type): self.area_snapshot(type) for type in sorted(self.views)}

    def printed(self) -> dict[str, Any]:
        """Return what was written back since the last call."""
        swap = self.swap
        shown: dict[str, Any] = {}
        if swap.evictions:
            shown["wb"] = swap.evictions
        if swap.writes:
            shown["wr"] = swap.writes
        swap.evictions, swap.writes = [], []
        return shown

    # --- settings ------------------------------------------------------------------------------

    def refuse_frames_at_limit(self, _slot: int = -1) -> None:
        """Make allocations of frames fail while the trace's limit is reached."""
        refuse = self.limit and self.frames_live() >= self.limit
        self.state.zone["fail_page_alloc"] = FOREVER if refuse else 0

    def set_number(self, operation: Operation) -> dict[str, Any]:
        """Apply a setting that is a number."""
        (value,) = operation.numbers(1)
        if not 0 <= value < MAX_SETTING:
            raise operation.fail(f"{operation.name} takes a number from 0 to {MAX_SETTING - 1}")
        record = self.state.zswaps[0]
        if operation.name == "limit":
            self.limit = value
        elif operation.name == "totalram":
            record["totalram_pages"] = value
        elif operation.name == "max_pool_percent":
            record["max_pool_percent"] = value
        elif operation.name == "nocache":
            record["fail_entry_alloc"] = FOREVER if value else 0
        else:
            self.swap.device.fail = ENOMEM if value else 0
        return {"rc": 0}

    def set_policy(self, operation: Operation) -> dict[str, Any]:
        """Set what the swap cache answers for a slot, or for all slots."""
        *where, policy = operation.words or [""]
        if len(where) != 2 or policy not in POLICIES:
            raise operation.fail(f"swapcache takes a type, a slot and one of {', '.join(POLICIES)}")
        type, offset = whole_numbers(operation, where)
        if (type, offset) == (-1, -1):
            self.cache.general = policy
        elif word := self.refused(type, offset):
            return {"rc": word}
        elif policy == "default":
            self.cache.policies.pop(self.swap.slot(type, offset), None)
        else:
            self.cache.policies[self.swap.slot(type, offset)] = policy
        return {"rc": 0}

    def refused(self, type: int, offset: int = 0) -> str | None:
        """Return the word for an area or slot that does not exist; None if it does."""
        if not (0 <= type < MAX_SWAPFILES and self.state.swap_info["nr_slots"][type]):
            return "noswap"
        return None if 0 <= offset < self.state.swap_info["nr_slots"][type] else "norange"


def whole_numbers(operation: Operation, words: list[str], count: int | None = None) -> list[int]:
    """Return some words of a line as whole numbers."""
    rest = Operation(" ".join([operation.name, *words]), operation.where)
    rest.text = operation.text
    return rest.numbers(len(words) if count is None else count)
