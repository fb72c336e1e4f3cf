"""Parsers of /proc/buddyinfo, /proc/zoneinfo and /proc/pagetypeinfo."""

import re
from itertools import zip_longest
from typing import NamedTuple

from zbudlab.host.text import last_dump, numbered_lines, plain_lines, unread
from zbudlab.host.zones import Zone

Key = tuple[int, str]  # node and name of a zone

#: No count has more than twelve digits: a line with such a number is damaged, and not understood.
ZONE = re.compile(r"Node\s+(\d+),\s*zone\s+(\w+)((?:\s+\d{1,12}\b)+)(?=\s*(?:Node|$))")
TYPE = re.compile(
    r"Node\s+(\d+),\s*zone\s+(\w+),\s*type\s+(\w+)((?:\s+>?\d{1,12}\b)+)(?=\s*(?:Node|$))"
)
ZONE_HEAD = re.compile(r"Node\s+(\d+),\s*zone\s+(\w+)")
COUNTER = re.compile(r"(?:pages\s+)?(free|min|low|high|spanned|present|managed|nr_\w+)\s+(\d+)$")
FREE = re.compile(r"pages\s+free\s+\d+$")
NODE_STATS = "per-node stats"
PROTECTION = re.compile(r"protection:\s*\(([\d,\s]*)\)")
SIZES = ("managed", "present", "spanned")
COLUMNS = re.compile(r"Number of blocks type\s+(\S.*)")
HEADINGS = re.compile(
    r"Page block order|Pages per block|Free pages count|Number of (mixed )?blocks"
)
CAP = ">"  #: before a count that is a lower bound: kernels since 5.5 stop counting at 100000


class Parsed(NamedTuple):
    """Zones by node and name, and sentences about the text."""

    zones: dict[Key, Zone]
    notes: list[str]


def _numbers(words: str) -> list[int]:
    return [int(word.lstrip(CAP)) for word in words.split()]


def _about(name: str, dumps: int, lines: list[tuple[int, str]], known: re.Pattern) -> list[str]:
    """Say which of several dumps is used and which lines were not understood."""
    notes = []
    if dumps > 1:
        notes.append(f"/proc/{name} has {dumps} recordings one after another: the last is used")
    odd = unread(lines, known.search)
    if odd.count:
        word = "line is" if odd.count == 1 else "lines are"
        notes.append(f"/proc/{name}: {odd.count} {word} not understood: {'; '.join(odd.lines())}")
    return notes


def parse_buddyinfo(text: str) -> Parsed:
    """Read free blocks by order, for any number of zones, orders and recordings."""
    lines = numbered_lines(text)
    found = [match.groups() for _, line in lines for match in ZONE.finditer(line)]
    found, dumps = last_dump(found, lambda groups: groups[:2])
    zones = {(int(n), name): Zone(int(n), name, _numbers(rest)) for n, name, rest in found}
    notes = _about("buddyinfo", dumps, lines, ZONE)
    longest = max((len(zone.free) for zone in zones.values()), default=0)
    for zone in zones.values():
        if len(zone.free) < longest:
            notes.append(
                f"/proc/buddyinfo: {zone} ends at order {len(zone.free) - 1}, others at order "
                f"{longest - 1}: larger free blocks of it are not known"
            )
    return Parsed(zones, notes)


def parse_zoneinfo(text: str, zones: dict[Key, Zone]) -> None:
    """Add sizes, watermarks, reserves and counters to zones; the last recording counts."""
    zone: Zone | None = None
    of_node = False
    for line in plain_lines(text):
        if head := ZONE_HEAD.search(line):
            zone, of_node = zones.get((int(head[1]), head[2])), False
        elif NODE_STATS in line:
            of_node = True
        elif zone:
            of_node = of_node and not FREE.search(line)
            _zone_line(zone, line, of_node)


def _zone_line(zone: Zone, line: str, of_node: bool) -> None:
    """Add what a line of zoneinfo says about a zone.

    of_node: whether the line counts pages of the whole node. Since 4.8 those come first, and the
    zone's counters have other names (nr_zone_active_anon), which lose the prefix here.
    """
    counter, protection = COUNTER.search(line), PROTECTION.search(line)
    if counter and counter[1] in SIZES:
        setattr(zone, counter[1], int(counter[2]))
    elif counter and not of_node:
        name = counter[1].removeprefix("nr_").removeprefix("zone_")
        zone.counts[name] = int(counter[2])
    elif protection:
        zone.reserve = _numbers(protection[1].replace(",", " "))


def zones_of_types(text: str) -> dict[Key, Zone]:
    """Return the zones of pagetypeinfo, with all their free blocks, where there is no buddyinfo."""
    zones: dict[Key, Zone] = {}
    for _, line in numbered_lines(text):
        for node, name, *_ in TYPE.findall(line):
            zones.setdefault((int(node), name), Zone(int(node), name, []))
    parse_pagetypeinfo(text, zones)
    for zone in zones.values():
        zone.free = [sum(counts) for counts in zip_longest(*zone.by_type.values(), fillvalue=0)]
    return zones


def parse_pagetypeinfo(text: str, zones: dict[Key, Zone]) -> list[str]:
    """Add free blocks by type and pageblocks by type to zones; return sentences about the text."""
    lines = numbered_lines(text)
    found = [match.groups() for _, line in lines for match in TYPE.finditer(line)]
    latest, dumps = last_dump(found, lambda groups: groups[:3])
    capped = {(zone, int(node), kind): _capped(blocks) for node, zone, kind, blocks in latest}
    for node, name, kind, blocks in latest:
        if zone := zones.get((int(node), name)):
            zone.by_type[kind] = _numbers(blocks)
    for zone in zones.values():
        _complete(
            zone, {kind: capped.get((zone.name, zone.node, kind), []) for kind in zone.by_type}
        )
    _pageblock_order(text, zones)
    _pageblocks(lines, zones)
    known = re.compile("|".join((TYPE.pattern, ZONE.pattern, HEADINGS.pattern)))
    notes = _about("pagetypeinfo", dumps, lines, known)
    if any(capped.values()):
        notes.append(
            "/proc/pagetypeinfo: counts after > are lower bounds, because the kernel stops there; "
            "where buddyinfo shows the rest, it is added"
        )
    return notes


def _capped(blocks: str) -> list[int]:
    """Return the orders whose count is a lower bound."""
    return [order for order, word in enumerate(blocks.split()) if word.startswith(CAP)]


def _complete(zone: Zone, capped: dict[str, list[int]]) -> None:
    """Raise lower bounds to match buddyinfo, where only one type has one."""
    for order in range(len(zone.free)):
        kinds = [kind for kind, orders in capped.items() if order in orders]
        if len(kinds) == 1:
            counts = zone.by_type.values()
            known = sum(blocks[order] for blocks in counts if order < len(blocks))
            zone.by_type[kinds[0]][order] += max(zone.free[order] - known, 0)


def _pageblock_order(text: str, zones: dict[Key, Zone]) -> None:
    for said in re.findall(r"Page block order:\s*(\d+)", text)[-1:]:
        for zone in zones.values():
            zone.pageblock_order = min(int(said), 64)


def _pageblocks(lines: list[tuple[int, str]], zones: dict[Key, Zone]) -> None:
    """Read the table of pageblocks by zone and type; the last one counts."""
    names: list[str] = []
    for _, line in lines:
        head = COLUMNS.search(line)
        if head or HEADINGS.search(line):
            names = head[1].split() if head else []
            continue
        for node, name, counts in ZONE.findall(line) if names else ():
            if zone := zones.get((int(node), name)):
                zone.pageblocks = dict(zip(names, _numbers(counts), strict=False))
