"""Traces of zswap of 3.12: store, load, invalidate, reclaim, and what happens in between.

The format is described in tests/data/README.md. A trace plays the rest of the
kernel: it makes the pages, decides what the swap cache answers, lets memory and the device fail,
and does things at points where the kernel holds no lock.
"""

import zlib
from collections.abc import Callable, Iterator
from errno import ENOMEM
from typing import Any

import numpy as np

from zbudlab.conformance.pool import PoolView
from zbudlab.conformance.trace import Operation, digest
from zbudlab.conformance.zswap_world import (
    TraceCache,
    TraceCompressor,
    TraceSwap,
    make_page,
    page_number,
)
from zbudlab.layout import FIRST, LAST, MAX_SWAPFILES, PAGE_SIZE, ZBUD_SERIES
from zbudlab.mm import migrate
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.mm.zbud import handle_pfn
from zbudlab.swap.device import SwapWriteError
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import COUNTERS

MAX_AREA = 1_000_000
PRINTED = COUNTERS[: COUNTERS.index("pool_pages") + 1]  #: the counters of debugfs
LENGTHS = range(16, 2 * PAGE_SIZE + 1)  #: compressed lengths that a trace may have
POLICIES = ("auto", "new", "exists", "nomem", "gone", "default")
FOREVER = 1 << 62
MAX_SETTING = 1 << 31


class ZswapReplay:
    """zswap with its swap areas, and the rest of the kernel as the traces play it."""

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
        self.given: dict[int, int] = {}  # handles given out by each type
        self.last: dict[int, int] = {}  # B stored last, by slot
        self.movable = 0
        self.limit = 0
        self.every = 1

    # --- what is printed -----------------------------------------------------------------------

    def frames_live(self) -> int:
        zone = self.state.zone
        return int(zone["spanned_pages"] - zone["nr_free_pages"])

    def counters(self) -> list[int]:
        counts = self.swap.counters()
        return [counts[name] for name in PRINTED]

    def area_snapshot(self, type: int) -> dict[str, Any]:
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
        return {str(type): self.area_snapshot(type) for type in sorted(self.views)}

    def printed(self) -> dict[str, Any]:
        """What was written back since it was last asked for."""
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
        refuse = self.limit and self.frames_live() >= self.limit
        self.state.zone["fail_page_alloc"] = FOREVER if refuse else 0

    def set_number(self, operation: Operation) -> dict[str, Any]:
        (value,) = operation.numbers(1)
        if not 0 <= value < MAX_SETTING:
            raise operation.fail(f"{operation.name} takes a number from 0 up to {MAX_SETTING - 1}")
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

    def set_action(self, operation: Operation) -> dict[str, Any]:
        point, name, *words = [*operation.words, "", ""][: max(2, len(operation.words))]
        actions: dict[str, Callable] = {"inv": self.invalidate, "reclaim": self.reclaim}
        known = (name in actions and len(words) == 2) or (name == "none" and not words)
        if point not in ("cache", "write", "load") or not known:
            raise operation.fail("at takes cache, write or load, then inv, reclaim or none")
        numbers = whole_numbers(operation, words)

        def act(_slot: int) -> None:
            del self.swap.at[point]
            actions[name](*numbers)

        self.swap.at.pop(point, None)
        if name != "none":
            self.swap.at[point] = act
        return {"rc": 0}

    # --- operations ----------------------------------------------------------------------------

    def refused(self, type: int, offset: int = 0) -> str | None:
        """The word for a slot that is not there; None = it is."""
        if not (0 <= type < MAX_SWAPFILES and self.state.swap_info["nr_slots"][type]):
            return "noswap"
        return None if 0 <= offset < self.state.swap_info["nr_slots"][type] else "norange"

    def swapon(self, type: int, size: int, tree: bool) -> dict[str, Any]:
        if not (0 <= type < MAX_SWAPFILES and 1 <= size <= MAX_AREA):
            return {"rc": "norange"}
        if self.refused(type) is None:
            return {"rc": "on"}
        self.swap.swapon(type, size, tree=tree)
        if tree:
            self.views[type] = PoolView(self.state, type)
            self.given[type] = 0
        return {"rc": 0}

    def invalidate_area(self, type: int) -> dict[str, Any]:
        if word := self.refused(type):
            return {"rc": word}
        start = self.swap.slot(type, 0)
        area = range(start, start + int(self.state.swap_info["nr_slots"][type]))
        for table in (self.last, self.cache.policies):
            for slot in [slot for slot in table if slot in area]:
                del table[slot]
        self.swap.swapoff(type)
        self.views.pop(type, None)
        return {"rc": 0}

    def store(self, type: int, offset: int, length: int, number: int) -> dict[str, Any]:
        if word := self.refused(type, offset):
            return {"rc": word}
        if length != -1 and length not in LENGTHS:
            return {"rc": "badlen"}
        slot = self.swap.slot(type, offset)
        self.swap.use_slot(slot)
        self.compressor.length = length
        page = make_page(type, offset, number % 256)
        self.last[slot] = number % 256
        before = self.page_of(type, slot)
        try:
            rc = self.swap.store(slot, page)
        except SwapWriteError as error:
            self.cache.add(slot, page.tobytes())
            rc = error.rc
        self.state.zone["fail_page_alloc"] = 0
        if rc == 0:
            self.note_handle(type, slot, before)
        return {"rc": rc}

    def page_of(self, type: int, slot: int) -> int:
        """The zbud page that holds what zswap has for a slot; -1 = nothing."""
        entry = self.state.swap_slots["entry"][slot]
        if not entry:
            return -1
        handle = int(self.state.zswap_entries["handle"][entry])
        return int(handle_pfn(self.state.pools[type], self.state.nodes, handle))

    def note_handle(self, type: int, slot: int, before: int) -> None:
        """Number the new handle; count its page if it is a fresh one and movable."""
        self.given[type] += 1
        view = self.views[type]
        handle = int(self.state.zswap_entries["handle"][self.state.swap_slots["entry"][slot]])
        view.numbers[handle] = self.given[type]
        pfn = self.page_of(type, slot)
        row = pfn << int(view.pool["row_shift"])
        alone = view.number_of(row, FIRST) == view.number(handle) and not view.number_of(row, LAST)
        self.movable += alone and pfn != before and self.variant == ZBUD_SERIES

    def load(self, type: int, offset: int) -> dict[str, Any]:
        if word := self.refused(type, offset):
            return {"rc": word}
        slot = self.swap.slot(type, offset)
        if not self.swap.used(slot):
            return {"rc": "unused"}
        wanted = self.last.get(slot)
        page = np.zeros(PAGE_SIZE, np.uint8)
        source = self.swap.load(slot, page)
        held = source != "device" or slot in self.swap.device.pages
        number = page_number(page.tobytes()) if held else -1
        crc = zlib.crc32(page.tobytes()) if held else 0
        return {"rc": 0, "from": source, "b": number, "crc": crc, "ok": int(number == wanted)}

    def invalidate(self, type: int, offset: int) -> dict[str, Any]:
        if word := self.refused(type, offset):
            return {"rc": word}
        slot = self.swap.slot(type, offset)
        if not self.swap.used(slot):
            return {"rc": "unused"}
        self.last.pop(slot, None)
        self.swap.swap_free(slot)
        return {"rc": 0}

    def reclaim(self, type: int, retries: int) -> dict[str, Any]:
        if word := self.refused(type):
            return {"rc": word}
        if type not in self.views:
            return {"rc": "notree"}
        return {"rc": self.swap.reclaim(type, retries & 0xFFFFFFFF)}

    def migrate(self, type: int, place: int) -> dict[str, Any]:
        if word := self.refused(type):
            return {"rc": word}
        if type not in self.views:
            return {"rc": "notree"}
        pfn = self.views[type].at(place)
        if pfn < 0:
            return {"rc": "norange"}
        self.refuse_frames_at_limit()
        rc = migrate.migrate_pool_page(self.state.mem, pfn)
        self.state.zone["fail_page_alloc"] = 0
        return {"rc": rc}

    def run(self, operation: Operation) -> dict[str, Any]:
        """Do one operation; what it answered."""
        name = operation.name
        given: dict[str, Callable] = {
            "load": self.load,
            "invalidate": self.invalidate,
            "reclaim": self.reclaim,
        }
        if self.variant == ZBUD_SERIES:
            given["migrate"] = self.migrate
        if name in given:
            return given[name](*operation.numbers(2))
        if name in ("totalram", "max_pool_percent", "limit", "nocache", "writefail"):
            return self.set_number(operation)
        if name == "store":
            return self.store(*store_numbers(operation))
        if name == "swapon":
            fail = operation.words[2:] == ["fail"]
            words = operation.words[:2] if fail else operation.words
            type, size = whole_numbers(operation, words, 2)
            return self.swapon(type, size, not fail)
        if name == "invalidate_area":
            return self.invalidate_area(*operation.numbers(1))
        if name == "swapcache":
            return self.set_policy(operation)
        if name == "at":
            return self.set_action(operation)
        raise operation.fail("unknown operation")


def whole_numbers(operation: Operation, words: list[str], count: int | None = None) -> list[int]:
    """Some words of a line as whole numbers."""
    rest = Operation(" ".join([operation.name, *words]), operation.where)
    rest.text = operation.text
    return rest.numbers(len(words) if count is None else count)


def store_numbers(operation: Operation) -> list[int]:
    """The numbers of a store; `fail` as -1."""
    words = ["-1" if word == "fail" and i == 2 else word for i, word in enumerate(operation.words)]
    numbers = whole_numbers(operation, words, 4)
    if numbers[2] == -1 and operation.words[2] != "fail":
        numbers[2] = 0
    return numbers


def replay_zswap(variant: int, operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """The answers to a trace of zswap of 3.12, one a line, and a final one."""
    stores = sum(operation.name == "store" for operation in operations)
    replay = ZswapReplay(variant, 1024 + stores)
    done = 0
    for operation in operations:
        if operation.name == "every":
            (replay.every,) = operation.numbers(1)
            if replay.every < 1:
                raise operation.fail("every takes a number from 1 up")
            continue
        answer = replay.run(operation)
        done += 1
        line = {"i": done, "op": operation.text, **answer, **replay.printed()}
        line |= {"ctr": replay.counters(), "frames": replay.frames_live()}
        yield line | shown_state(replay, line, done)
    state = replay.snapshot()
    yield {
        "final": True,
        "ops": done,
        "ctr": replay.counters(),
        "frames": replay.frames_live(),
        "movable": replay.movable,
        "writes": replay.swap.device.writes,
        "sd": digest(state),
        "state": state,
    }


def shown_state(replay: ZswapReplay, line: dict[str, Any], done: int) -> dict[str, Any]:
    """The state's digest, and the state, as often as the trace wants them; `op` not always."""
    whole = done % replay.every == 0
    if replay.every >= 64:
        del line["op"]
        if not whole:
            return {}
    state = replay.snapshot()
    return {"sd": digest(state), "state": state} if whole else {"sd": digest(state)}
