"""Find what changed in a machine between two moments, record by record and field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.mm import inspection

if TYPE_CHECKING:
    from zbudlab.machine import Machine

LIMIT = 400  #: changes that are listed; all are counted

_FLAGS = {
    getattr(layout, f"PG_{name}"): name.lower()
    for name in ["LOCKED", "REFERENCED", "LRU", "ACTIVE", "SWAPCACHE", "DIRTY", "HEAD", "POISON"]
}
_MAPCOUNTS = {
    layout.PAGE_BUDDY_MAPCOUNT_VALUE: "free block",
    layout.PAGE_ZBUD_MAPCOUNT_VALUE: "zbud",
    layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE: "zsmalloc",
    layout.PAGE_Z3FOLD_MAPCOUNT_VALUE: "z3fold",
}
_ZONE_LISTS = {
    layout.INACTIVE_ANON: "inactive list",
    layout.ACTIVE_ANON: "active list",
    layout.MIGRATEPAGES: "list of pages to move",
    layout.FREEPAGES: "list of migration targets",
    layout.SHRINK_LIST: "list of pages to reclaim",
}
_WORDS = {
    "blocks": "pageblock",
    "pools": "pool",
    "nodes": "radix tree node",
    "ptes": "page table entry",
    "processes": "process",
    "swap_info": "swap area",
    "swap_slots": "swap slot",
    "zswap_entries": "zswap entry",
    "lrus": "list record of zswap entry",
    "cgroups": "cgroup",
    "objects": "word of zsmalloc's object",
    "handles": "place of a handle",
    "z3folds": "page of z3fold",
    "lengths": "compressed length of page table entry",
}
_SINGLE = {
    "zones": "zone",
    "zswaps": "zswap",
    "slots_cache": "freed slots",
    "arenas": "tables of zsmalloc",
    "control": "compaction",
}


class Change(NamedTuple):
    """One changed field of one record.

    where: the record in words. array, record: the array's name and the record's number.
    """

    where: str
    field: str
    before: str
    after: str
    array: str
    record: int


class Changes(list[Change]):
    """Changes, at most LIMIT of them. total: the number found."""

    total = 0


class Moment:
    """The arrays of a machine at one moment, by name.

    copy: whether to copy the arrays (the default) or to refer to the machine's own, which change
    with it. device: the number of pages on the swap device. `frames` is a view of `rows`, as in the
    machine.
    """

    def __init__(self, machine: Machine, *, copy: bool = True) -> None:
        self.arrays = {**inspection.arrays(machine.state), "control": machine.control}
        if copy:
            self.arrays = {name: _copied(array) for name, array in self.arrays.items()}
        self.device = len(machine.swap.device.pages)
        self.page_bytes = machine.state.page_bytes
        frames = int(self.zone["spanned_pages"])
        memory = self.rows[: frames << int(self.pools[0]["row_shift"])]
        self.frames = memory.view(np.uint8).reshape(frames, -1)

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self.__dict__["arrays"][name]
        except KeyError:
            raise AttributeError(f"a machine has no array {name!r}") from None

    @property
    def zone(self) -> np.void:
        """The only zone."""
        return self.arrays["zones"][0]

    def header(self, pfn: int) -> np.void:
        """Return the record at the place of a frame's zbud header, even if it has none."""
        return self.rows[pfn << int(self.pools[0]["row_shift"])]


def _copied(array: np.ndarray) -> np.ndarray:
    """Copy an array byte for byte. `ndarray.copy` would leave out the padding of records."""
    return array.view(np.uint8).copy().view(array.dtype)


def changes(before: Moment, after: Moment) -> Changes:
    """Return the fields that differ, those of the smallest arrays first and list links last."""
    found, links = Changes(), []
    names = sorted(set(after.arrays) - {"rows"}, key=lambda name: after.arrays[name].nbytes)
    for change in _all(before, after, names):
        found.total += 1
        if change.field.startswith(("next", "prev")):
            links.append(change)
        elif len(found) < LIMIT:
            found.append(change)
    found.extend(links[: LIMIT - len(found)])
    return found


def _all(before: Moment, after: Moment, names: list[str]) -> Iterator[Change]:
    """Yield every changed field."""
    if before.device != after.device:
        numbers = str(before.device), str(after.device)
        yield Change("swap device", "pages", *numbers, "device", 0)
    for name in names:
        old, new = before.arrays[name], after.arrays[name]
        yield from _records(before, name, _records_unequal(old, new), old, new)
    yield from _memory(before, after)


def _records_unequal(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the numbers of records that differ, int64.

    A table that grew has more records in `new`; these are compared with zeros.
    """
    common = min(len(old), len(new))
    sides = (a[:common].view(np.uint8).reshape(common, old.dtype.itemsize) for a in (old, new))
    differ = np.flatnonzero((next(sides) != next(sides)).any(axis=1))
    if len(new) > common:
        added = new[common:].view(np.uint8).reshape(len(new) - common, -1).any(axis=1)
        differ = np.concatenate([differ, common + np.flatnonzero(added)])
    return differ


def _records(
    before: Moment, name: str, records: np.ndarray, old: np.ndarray, new: np.ndarray
) -> Iterator[Change]:
    """Yield the changed fields of these records."""
    blank = np.zeros(1, new.dtype)[0]
    for record in records.tolist():
        was = old[record] if record < len(old) else blank
        where = _where(before, name, record)
        for field, a, b in _fields(was, new[record]):
            yield Change(where, field, shown(field, a), shown(field, b), name, record)


def _fields(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, old value and new value of each field that differs."""
    if new.dtype.names is None:
        yield "value", old.item(), new.item()
        return
    for name in new.dtype.names:
        a, b = old[name], new[name]
        if np.ndim(b):
            alone = len(b) == 1
            for i in np.flatnonzero(a != b).tolist():
                yield name if alone else f"{name}[{i}]", a[i].item(), b[i].item()
        elif a != b:
            yield name, a.item(), b.item()


def shown(field: str, value: int) -> str:
    """Format a field's value: flags and special counts by name, all else as a number."""
    if field == "page_flags":
        return " ".join(name for flag, name in _FLAGS.items() if value & flag) or "none"
    if field == "mapcount":
        return _MAPCOUNTS.get(value, str(value))
    if field == "migratetype" and 0 <= value < len(layout.MIGRATE_NAMES):
        return layout.MIGRATE_NAMES[value]
    return str(value)


def _where(moment: Moment, name: str, record: int) -> str:
    """Describe a record in words."""
    if name in _SINGLE:
        return _SINGLE[name]
    if name in _DESCRIBED:
        return _DESCRIBED[name](moment, record)
    return f"{_WORDS.get(name, name)} {record}"


def page_record(moment: Moment, record: int) -> str:
    """Describe a record of `pages` in words: a struct page, or the head of a list of the zone."""
    head = record - int(moment.zone["list_heads"])
    if head < 0:
        return f"struct page {record}"
    if head in _ZONE_LISTS:
        return _ZONE_LISTS[head]
    order, migratetype = divmod(head, layout.MIGRATE_TYPES)
    return f"free list of order {order}, {layout.MIGRATE_NAMES[migratetype]}"


def class_record(moment: Moment, record: int) -> str:
    """Describe a record of `size_classes` in words: its number in its pool, and the pool."""
    numbers = record - moment.pools["size_classes"]
    known = moment.pools["size_classes"] >= 0
    found = np.flatnonzero(known & (numbers >= 0) & (numbers < layout.ZS_SIZE_CLASSES))
    if not len(found):
        return f"size class {record}"
    return f"size class {numbers[found[0]]} of zsmalloc pool {found[0]}"


def zspage_record(moment: Moment, record: int) -> str:
    """Describe a record of `zspages` in words: a zspage, or the head of a list of zspages.

    The record of a size class says where its list heads are (`list_heads`).
    """
    groups = record - moment.size_classes["list_heads"]
    found = np.flatnonzero((groups >= 0) & (groups < layout.ZS_GROUPS))
    if not len(found):
        return f"zspage {record}"
    return f"list of group {groups[found[0]]}, {class_record(moment, int(found[0]))}"


#: Records that are described by where another record places them.
_DESCRIBED: dict[str, Callable[[Moment, int], str]] = {
    "pages": page_record,
    "size_classes": class_record,
    "zspages": zspage_record,
}


def list_name(number: int) -> str:
    """Name a list of a zbud pool by its number among the pool's lists."""
    if number == layout.LRU_LIST:
        return "LRU"
    return f"list of {number} free chunks" if number != layout.BUDDIED else "buddied list"


def row_record(moment: Moment, row: int) -> str:
    """Describe a record of `rows` in words: a zbud header, or the head of one of a pool's lists.

    A pool's record says where its list heads are (`list_heads`).
    """
    shift = int(moment.pools[0]["row_shift"])
    if row < len(moment.frames) << shift:
        return f"zbud header of page {row >> shift}"
    numbers = row - moment.pools["list_heads"]
    found = np.flatnonzero((numbers >= 0) & (numbers < layout.NR_POOL_LISTS))
    if not len(found):
        return f"unused row {row}"
    return f"{list_name(int(numbers[found[0]]))} of zbud pool {found[0]}"


def _memory(before: Moment, after: Moment) -> Iterator[Change]:
    """Yield changed zbud headers and list heads, and the frames whose bytes changed."""
    shift = int(after.pools[0]["row_shift"])
    words = (moment.rows.view(np.uint64).reshape(-1, 8) for moment in (before, after))
    changed = np.flatnonzero((next(words) != next(words)).view(np.uint64))
    frames = changed >> shift
    zbud = _zbud(before) | _zbud(after)
    inside = frames < len(zbud)
    header = ~inside
    header[inside] = (changed[inside] & ((1 << shift) - 1) == 0) & zbud[frames[inside]]
    for row in changed[header].tolist():
        where = row_record(after, row)
        for field, a, b in _fields(before.rows[row], after.rows[row]):
            field = field.replace("[0]", " (LRU)").replace("[1]", " (buddy list)")
            yield Change(where, field, shown(field, a), shown(field, b), "rows", row)
    for pfn in np.unique(frames[~header]).tolist() if after.page_bytes else ():
        contents = _content(before, pfn), _content(after, pfn)
        yield Change(f"page frame {pfn}", "bytes", *contents, "frames", pfn)


def _content(moment: Moment, pfn: int) -> str:
    """Show a frame: its first 8 bytes in hex, or the one byte that fills it."""
    frame = moment.frames[pfn]
    if (frame == frame[0]).all():
        return f"all {frame[0]:02x}"
    return f"{frame[:8].tobytes().hex(' ')} ..."


def _zbud(moment: Moment) -> np.ndarray:
    """Return which frames are zbud pages, bool (frames,)."""
    return moment.pages["mapcount"][: len(moment.frames)] == layout.PAGE_ZBUD_MAPCOUNT_VALUE
