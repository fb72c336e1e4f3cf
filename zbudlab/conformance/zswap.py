"""Traces of zswap of 3.12: store, load, invalidate, reclaim, and what happens in between.

The format is described in tests/data/README.md. A trace plays the rest of the kernel: it makes the
pages, decides what the swap cache answers, lets memory and the device fail, and acts at points
where the kernel holds no lock.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from zbudlab.conformance.pool import PoolView
from zbudlab.conformance.trace import Operation, digest
from zbudlab.conformance.zswap_settings import ZswapWorld, whole_numbers
from zbudlab.conformance.zswap_world import (
    make_page,
    page_number,
)
from zbudlab.layout import FIRST, LAST, MAX_SWAPFILES, PAGE_SIZE, ZBUD_SERIES
from zbudlab.mm import migrate
from zbudlab.mm.zbud import handle_pfn
from zbudlab.swap.device import SwapWriteError

MAX_AREA = 1_000_000
LENGTHS = range(16, 2 * PAGE_SIZE + 1)  #: compressed lengths that a trace may have
NUMBERS = ("totalram", "max_pool_percent", "limit", "nocache", "writefail")  #: settings


class ZswapHarness(ZswapWorld):
    """zswap with its swap areas; the trace plays the role of the rest of the kernel."""

    def set_action(self, operation: Operation) -> dict[str, Any]:
        """Set what happens when zswap next reaches a point without a lock."""
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

    def swapon(self, operation: Operation) -> dict[str, Any]:
        """Turn a swap area on; with the word `fail`, without a tree."""
        tree = operation.words[2:] != ["fail"]
        type, size = whole_numbers(operation, operation.words[: None if tree else 2], 2)
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
        """Turn a swap area off."""
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
        """Store a page in a slot."""
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
        """Return the zbud page that holds a slot's object; -1 = none."""
        entry = self.state.swap_slots["entry"][slot]
        if not entry:
            return -1
        handle = int(self.state.zswap_entries["handle"][entry])
        return int(handle_pfn(self.state.pools[type], self.state.nodes, handle))

    def note_handle(self, type: int, slot: int, before: int) -> None:
        """Number the new handle, and count its page if it is new and movable."""
        self.given[type] += 1
        view = self.views[type]
        handle = int(self.state.zswap_entries["handle"][self.state.swap_slots["entry"][slot]])
        view.numbers[handle] = self.given[type]
        pfn = self.page_of(type, slot)
        row = pfn << int(view.pool["row_shift"])
        alone = view.number_of(row, FIRST) == view.number(handle) and not view.number_of(row, LAST)
        self.movable += alone and pfn != before and self.variant == ZBUD_SERIES

    def load(self, type: int, offset: int) -> dict[str, Any]:
        """Load the page of a slot."""
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
        """Free a slot."""
        if word := self.refused(type, offset):
            return {"rc": word}
        slot = self.swap.slot(type, offset)
        if not self.swap.used(slot):
            return {"rc": "unused"}
        self.last.pop(slot, None)
        self.swap.swap_free(slot)
        return {"rc": 0}

    def reclaim(self, type: int, retries: int) -> dict[str, Any]:
        """Reclaim a page of an area's pool."""
        if word := self.refused(type):
            return {"rc": word}
        if type not in self.views:
            return {"rc": "notree"}
        return {"rc": self.swap.reclaim(type, retries & 0xFFFFFFFF)}

    def migrate(self, type: int, place: int) -> dict[str, Any]:
        """Migrate the page at a place of a pool's LRU."""
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
        """Run an operation and return its answer."""
        name = operation.name
        on_two_numbers: dict[str, Callable] = {
            "load": self.load,
            "invalidate": self.invalidate,
            "reclaim": self.reclaim,
        }
        if self.variant == ZBUD_SERIES:
            on_two_numbers["migrate"] = self.migrate
        on_words: dict[str, Callable] = {
            "swapon": self.swapon,
            "swapcache": self.set_policy,
            "at": self.set_action,
            **dict.fromkeys(NUMBERS, self.set_number),
        }
        if name in on_two_numbers:
            return on_two_numbers[name](*operation.numbers(2))
        if name in on_words:
            return on_words[name](operation)
        if name == "store":
            return self.store(*store_numbers(operation))
        if name == "invalidate_area":
            return self.invalidate_area(*operation.numbers(1))
        raise operation.fail("unknown operation")


def store_numbers(operation: Operation) -> list[int]:
    """Return the numbers of a store, with `fail` as -1."""
    words = ["-1" if word == "fail" and i == 2 else word for i, word in enumerate(operation.words)]
    numbers = whole_numbers(operation, words, 4)
    if numbers[2] == -1 and operation.words[2] != "fail":
        numbers[2] = 0
    return numbers


def zswap_answers(variant: int, operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of zswap 3.12, one per operation, and a final one."""
    stores = sum(operation.name == "store" for operation in operations)
    harness = ZswapHarness(variant, 1024 + stores)
    done = 0
    for operation in operations:
        if operation.name == "every":
            (harness.every,) = operation.numbers(1)
            if harness.every < 1:
                raise operation.fail("every takes a number of 1 or more")
            continue
        answer = harness.run(operation)
        done += 1
        line = {"i": done, "op": operation.text, **answer, **harness.printed()}
        line |= harness.counted()
        yield line | shown_state(harness, line, done)
    yield final_line(harness, done)


def final_line(harness: ZswapHarness, done: int) -> dict[str, Any]:
    """Return the last line of a trace's answers."""
    state = harness.snapshot()
    return {
        "final": True,
        "ops": done,
        **harness.counted(),
        "movable": harness.movable,
        "writes": harness.swap.device.writes,
        "sd": digest(state),
        "state": state,
    }


def shown_state(harness: ZswapHarness, line: dict[str, Any], done: int) -> dict[str, Any]:
    """Return digest and state as often as the trace wants them; may remove `op` from the line."""
    whole = done % harness.every == 0
    if harness.every >= 64:
        del line["op"]
        if not whole:
            return {}
    state = harness.snapshot()
    return {"sd": digest(state), "state": state} if whole else {"sd": digest(state)}
