"""Parser of the Mem-Info block that the kernel prints with a failed allocation or an OOM kill.

Both forms are read: with a node before each zone, and, from kernels without NUMA, without one.
Letters for migrate types are printed since 3.9. The first block size of a free list is the page
size. A zone without a free list, as in a report that was cut, has sizes and watermarks only.

Source: mm/page_alloc.c, show_free_areas (v3.12); mm/show_mem.c, show_free_areas (v6.6).
"""

import re
from typing import NamedTuple

from zbudlab.host.text import last_dump, plain_text
from zbudlab.host.zones import Zone

#: Letters of migrate types and the names they have in pagetypeinfo.
LETTERS = {
    "U": "Unmovable",
    "E": "Reclaimable",
    "M": "Movable",
    "H": "HighAtomic",
    "R": "Reserve",
    "C": "CMA",
    "I": "Isolate",
}
NODE = r"(?:Node\s+(\d+)\s+)?"
BLOCKS = re.compile(
    NODE + r"([A-Z]\w+):((?:\s+\d{1,12}[*_]\d{1,12}kB(?:\s+\([A-Z]*\))?)+)\s*=\s*(\d+)kB",
    re.MULTILINE,
)
BLOCK = re.compile(r"(\d+)[*_](\d+)kB(?:\s+\(([A-Z]*)\))?")
STATE = re.compile(
    NODE + r"([A-Z]\w+)\s+free:(\d+)kB((?:\s+(?:boost|[\w()]+):\d+(?:[kK]B)?|\s+all_unreclaimable\?"
    r"\s+\w+)*)(?:\s+lowmem_reserve\[\]:((?:\s+\d+)+)(?!\*))?"
)
AMOUNT = re.compile(r"([\w()]+):(\d+)([kK]B)?")
TOTALS = re.compile(r"\b(active_anon|inactive_anon|active_file|inactive_file|unevictable|dirty|"
                    r"writeback|mapped|shmem|slab_reclaimable|slab_unreclaimable|pagetables|free|"
                    r"free_pcp|free_cma):(\d+)(?![\dkK])")  # fmt: skip
KIB = 1024
SIZES = ("managed", "present")


class MemInfo(NamedTuple):
    """Zones, the page size in bytes, and counts of all memory in pages.

    dumps: how many times the text lists the zones; the last list is returned. notes: free lists
    that do not add up.
    """

    zones: list[Zone]
    page_size: int
    totals: dict[str, int]
    dumps: int
    notes: list[str]


def looks_like_mem_info(text: str) -> bool:
    """Return whether a text has free lists in the form of Mem-Info."""
    return BLOCKS.search(plain_text(text)) is not None


def _free_list(words: str) -> tuple[list[int], list[str], int, int]:
    """Return free blocks and letters by order, the page size in bytes, and all free kilobytes.

    A size that is missing in between, as in a text that was cut, has no blocks.
    """
    found = [(int(count), int(size), letters) for count, size, letters in BLOCK.findall(words)]
    first = max(found[0][1], 1)
    orders = [max(size // first, 1).bit_length() - 1 for _, size, _ in found]
    blocks, letters = [0] * (max(orders) + 1), [""] * (max(orders) + 1)
    for order, (count, _, types) in zip(orders, found, strict=True):
        blocks[order] += count
        letters[order] += types
    return blocks, letters, first * KIB, sum(count * size for count, size, _ in found)


def _fill(zone: Zone, state: tuple[str, ...], page_size: int) -> None:
    """Add sizes, watermarks and counters of a zone, in pages.

    A zone that manages no page has none, however many are present: the boot code took them.
    """
    _, _, free, amounts, reserve = state
    zone.counts["free"] = int(free) * KIB // page_size
    for name, value, unit in AMOUNT.findall(amounts):
        pages = int(value) * KIB // page_size if unit else int(value)
        if name in SIZES:
            setattr(zone, name, pages)
        else:
            zone.counts[name] = pages
    zone.reserve = [int(pages) for pages in reserve.split()]
    if re.search(r"\bmanaged:0kB", amounts):
        zone.present = 0


def parse_mem_info(text: str) -> MemInfo:
    """Read zones, watermarks, free lists and counts; no zones if the text has none."""
    plain = plain_text(text)
    lists, dumps = last_dump(BLOCKS.findall(plain), lambda groups: groups[:2])
    zones, page_size, notes = {}, 4 * KIB, []
    for node, name, words, said in lists:
        blocks, letters, page_size, there = _free_list(words)
        zones[node, name] = zone = Zone(int(node or 0), name, blocks, letters=letters)
        if there != int(said):
            notes.append(
                f"the free list of {zone} adds up to {there} kB and says {said} kB: "
                "part of it is missing or damaged"
            )
    for state in STATE.findall(plain):
        key = state[:2]
        _fill(zones.setdefault(key, Zone(int(key[0] or 0), key[1], [])), state, page_size)
    totals = {name: int(pages) for name, pages in TOTALS.findall(plain)}
    return MemInfo(list(zones.values()), page_size, totals, dumps, notes)
