"""Prove that arrays from a file describe a machine, before compiled code works on them.

A keyframe in a log may be damaged or forged. Compiled code checks no index, so every number that
it uses as one is checked here: against the length of its table, against the machine's
configuration, and chains and trees link by link. Then `mm.inspection` can walk the machine, and
checks the rest.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.io.values import INT64_MAX, shown
from zbudlab.machine import chains, pool_chains
from zbudlab.machine.core import Core
from zbudlab.mm import inspection
from zbudlab.profiles import ZSMALLOC_RULES
from zbudlab.swap.refusals import REFUSALS

#: Fields that never change after boot, by array.
CONSTANT: dict[str, tuple[str, ...]] = {
    "zones": ("spanned_pages", "list_heads", "pageblock_order", "watermark"),
    "pools": (
        *("list_heads", "row_shift", "created", "kind", "variant", "next_pool"),
        *(*ZSMALLOC_RULES, "size_classes", "z3fold_heads", "z3fold_by_hand"),
    ),
    "size_classes": ("used", "object_size", "pages_per_zspage", "objs_per_zspage", "list_heads"),
    "swap_info": ("start", "nr_slots", "pool"),
    "zswaps": (
        *(*layout.RULES, "totalram_pages", "accept_threshold_percent"),
        *("enabled", "shrinker_enabled", "current_pool"),
    ),
}
#: Arrays that grow as a machine runs. The others keep their length.
GROWING: tuple[str, ...] = (
    "nodes",
    "ptes",
    "lengths",
    "processes",
    "swap_slots",
    "swap_marks",
    "zswap_entries",
    "lrus",
    "zspages",
    "objects",
    "handles",
    "z3folds",
)
GROWING += ("arrivals", "refusals", "device", "cache")
MOST_RECORDS = 1 << 31  #: of a table that grows

Span = tuple[str, NDArray, float, float]  # what it is, the numbers, the least and the greatest


def constants(machine: Core) -> dict[str, bytes]:
    """Return what cannot change as a machine runs, by name."""
    state = vars(machine.state)
    return {
        f"{array}.{field}": state[array][field].tobytes()
        for array, fields in CONSTANT.items()
        for field in fields
    }


def fault_of_lengths(found: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """Say which array cannot have its length, or return "". arrays: as they are in the machine."""
    if set(found) != set(arrays):
        return "its arrays are not those of a machine"
    for name, length in found.items():
        most = MOST_RECORDS if name in GROWING else len(arrays[name])
        least = 0 if name in GROWING else most
        if type(length) is not int or not least <= length <= most:
            return f"array {name} must have {least} to {most} records, not {shown(length)}"
    return ""


def fault_of_values(found: Any, parts: dict[str, dict[str, Any]]) -> str:
    """Say which value is of a wrong type, or return "". parts: of the machine as it is."""
    for owner, part in parts.items():
        for name, old in part.items():
            if isinstance(old, np.ndarray) or name == "pages":
                continue
            try:
                new = found[owner][name]
            except (LookupError, TypeError):
                return f"it has no {owner}.{name}"
            if not _is_like(new, old, name):
                return f"{owner}.{name} cannot be {shown(new)}"
    return ""


def _is_like(new: Any, old: Any, name: str) -> bool:
    """Return whether a value from a file can replace a machine's value."""
    if isinstance(old, Counter):
        return type(new) is dict and all(
            _is_key(key, name) and _is_count(n) for key, n in new.items()
        )
    if isinstance(old, list):
        return type(new) is list and all(
            type(pair) is tuple and len(pair) == 2 and all(map(_is_count, pair)) for pair in new
        )
    if isinstance(old, bool):
        return type(new) is bool and (new == old or name == "nodes_limited")
    return type(new) is int and -1 <= new <= INT64_MAX if isinstance(old, int) else new == old


def _is_key(key: Any, name: str) -> bool:
    """Return whether a key fits the Counter of that name: a frame, a frame with a kind, a name."""
    if name == "pin_kinds":
        return type(key) is tuple and len(key) == 2 and all(map(_is_count, key))
    return _is_count(key) if name == "pins" else type(key) is str


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= INT64_MAX


def fault_of(machine: Core, before: dict[str, bytes]) -> str:
    """Say what is wrong with the state of a machine, or return "".

    before: `constants` of the machine as it was booted.
    """
    now = constants(machine)
    if other := [name for name in before if before[name] != now[name]]:
        return f"{other[0]} is not that of the machine"
    for what, numbers, low, high in _spans(machine):
        outside = numbers[(numbers < low) | (numbers > high)]
        if outside.size:
            return f"{what} must be {low} to {high}, not {outside.flat[0]}"
    return chains.first_fault(machine) or inspection.first_fault(machine.state) or ""


def _spans(machine: Core) -> Iterator[Span]:
    """Yield all numbers that are used as an index or a size, with their bounds."""
    yield from _memory(machine)
    yield from _processes(machine)
    yield from _swap(machine)
    yield from _groups(machine)
    yield from pool_chains.spans(machine.state, machine.config.frames)
    yield from _others(machine)


def _memory(machine: Core) -> Iterator[Span]:
    state, frames = machine.state, machine.config.frames
    pages, own = state.pages, state.pages[:frames]
    for link in ("next", "prev"):
        yield f"page, {link}", pages[link], 0, len(pages) - 1
    yield "page, order", own["order"], 0, layout.MAX_ORDER - 1
    yield "page, migratetype", own["migratetype"], 0, layout.MIGRATE_TYPES - 1
    yield "page, mapping", own["mapping"], 0, len(state.processes)
    yield "page, refcount", own["refcount"], 0, INT64_MAX
    starts = (own["page_flags"] & layout.PG_HEAD != 0) | (own["refcount"] == 0)
    starts &= (own["page_flags"] & layout.PG_HEAD != 0) | (
        own["mapcount"] == layout.PAGE_BUDDY_MAPCOUNT_VALUE
    )
    ends = np.arange(frames) + (1 << own["order"].astype(np.int64))
    yield "the end of a block", ends[starts], 0, frames
    yield "pageblock, migratetype", state.blocks["migratetype"], 0, layout.MIGRATE_TYPES - 1
    for name in ("nr_free_pages", "nr_free_cma", "nr_inactive_anon", "nr_active_anon"):
        yield f"zone, {name}", state.zones[name], 0, frames
    yield "zone, zpool_movable", state.zones["zpool_movable"], 0, 1
    yield "zone, fail_page_alloc", state.zones["fail_page_alloc"], 0, INT64_MAX
    for name in ("compact_cached_migrate_pfn", "compact_cached_free_pfn"):
        yield f"zone, {name}", state.zones[name], -1, frames


def _processes(machine: Core) -> Iterator[Span]:
    state, table = machine.state, machine.state.processes
    yield "process, start", table["start"], 0, len(state.ptes)
    yield "process, nr_pages", table["nr_pages"], 0, len(state.ptes)
    yield "the end of a process", table["start"] + table["nr_pages"], 0, len(state.ptes)
    yield "page table entry, state", state.ptes["state"], 0, layout.PTE_SWAP
    present = state.ptes["state"] == layout.PTE_PRESENT
    yield "page table entry, frame", state.ptes["value"][present], 0, machine.config.frames - 1
    swapped = state.ptes["state"] == layout.PTE_SWAP
    slots = state.ptes["value"][swapped]
    yield "page table entry, swap slot", slots, 0, machine.config.swap_slots - 1
    yield "the number of page table entries", np.array([state._ptes_used]), 0, len(state.ptes)
    yield "the number of lengths", np.array([len(state.lengths)]), len(state.ptes), MOST_RECORDS
    yield "length", state.lengths, -1, layout.TOO_LONG
    yield "process, cgroup", table["cgroup"], 0, max(len(state.cgroups) - 1, 0)


def _swap(machine: Core) -> Iterator[Span]:
    state = machine.state
    slots, entries, cache = state.swap_slots, state.zswap_entries, state.slots_cache
    areas, zswap = state.swap_info, state.zswaps
    yield "swap area, cluster_next", areas["cluster_next"] - areas["nr_slots"], -INT64_MAX, 0
    yield "swap area, cluster_next", areas["cluster_next"], 0, INT64_MAX
    yield (
        "the number of swap slots",
        np.array([len(slots)]),
        machine.config.swap_slots,
        MOST_RECORDS,
    )
    yield "swap slot, entry", slots["entry"], 0, len(entries) - 1
    yield "swap slot, type", slots["type"], 0, len(areas) - 1
    yield "swap slot, refusal", slots["refusal"], 0, max(REFUSALS)
    yield "slots cache, n_ret", cache["n_ret"], 0, layout.SWAP_SLOTS_CACHE_SIZE
    yield "slots cache, slot", cache["slots_ret"], 0, len(slots) - 1
    yield "zswap entry, slot", entries["slot"], 0, len(slots) - 1
    yield "zswap entry, length", entries["length"], 0, layout.TOO_LONG
    yield "zswap, max_pool_percent", zswap["max_pool_percent"], 0, 100
    for name in ("same_filled_pages_enabled", "pool_reached_full"):
        yield f"zswap, {name}", zswap[name], 0, 1
    for name in ("pool_pages", "fail_entry_alloc", "fail_tree_alloc"):
        yield f"zswap, {name}", zswap[name], 0, INT64_MAX


def _groups(machine: Core) -> Iterator[Span]:
    """Yield the numbers of today's zswap: its lists, and cgroups."""
    state = machine.state
    lrus, groups, zswap = state.lrus, state.cgroups, state.zswaps
    needed = layout.MAX_CGROUPS + len(state.zswap_entries) if len(groups) else 0
    yield "the number of list records", np.array([len(lrus)]), needed, MOST_RECORDS
    for link in ("next", "prev"):
        yield f"list record, {link}", lrus[link], 0, len(lrus) - 1
    yield "list record, cgroup", lrus["cgroup"], 0, len(groups) - 1
    yield "list record, pool", lrus["pool"], 0, len(state.pools) - 1
    yield "cgroup, parent", groups["parent"], -1, len(groups) - 1
    made = np.flatnonzero(groups["created"])
    yield "the parent of a cgroup less its number", groups["parent"][made] - made, -INT64_MAX, -1
    yield "cgroup, zswap_max", groups["zswap_max"], layout.NO_LIMIT, INT64_MAX
    yield "zswap, next_shrink", zswap["next_shrink"], -1, max(len(groups) - 1, -1)
    yield "zswap, shrink_work", zswap["shrink_work"], 0, 1


def _others(machine: Core) -> Iterator[Span]:
    frames, notes = machine.config.frames, machine.paging.notes
    pins = np.array([*machine.pins, *(pfn for pfn, _ in machine.pin_kinds)] or [0], np.int64)
    yield "a pinned frame", pins, 0, frames - 1
    yield "compact_control, nr_moves", machine.control["nr_moves"], 0, len(machine.moves)
    moves = machine.moves[: int(machine.control["nr_moves"][0])]
    yield "migration, old", moves["old"], 0, frames - 1
    yield "migration, new", moves["new"], -1, frames - 1
    more = np.array([len(notes.refusals) - len(notes.arrivals)])
    yield "the number of refusals less that of arrivals", more, 0, 0
    yield "an arrival", notes.arrivals & 0x7F, 0, layout.ARRIVED_ZEROS
    yield "a refusal", notes.refusals, 0, max(REFUSALS)
    yield "the errno of the device", np.array([machine.swap.device.fail]), 0, 133
