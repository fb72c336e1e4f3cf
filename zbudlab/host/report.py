"""A host in words and numbers: what `zbudlab host` prints."""

from collections.abc import Callable, Sequence
from textwrap import fill

from zbudlab.host.procfs import Host, Zone
from zbudlab.io.values import human
from zbudlab.layout import MAX_ORDER, PAGE_SIZE
from zbudlab.mm import vmstat

MEMINFO = ("MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree", "Zswap", "Zswapped")
INDICES: tuple[tuple[str, Callable], ...] = (
    ("unusable index", vmstat.unusable_free_index),
    ("fragmentation index", vmstat.fragmentation_index),
)
WIDTH = 100
CHANGING = ("pgfault", "pgmajfault", "pswpin", "pswpout", "compact_stall", "pgmigrate_success")


def _numbers(name: str, values: Sequence[object]) -> str:
    return f"  {name:<20}" + "".join(f"{value!s:>8}" for value in values)


def _zone(zone: Zone) -> list[str]:
    """Free blocks and indices of a zone, by order."""
    free, size = human(zone.free_pages * PAGE_SIZE), human(zone.managed * PAGE_SIZE)
    lines = [f"node {zone.node}, zone {zone.name}: {free} of {size} free"]
    lines.append(_numbers("free blocks", zone.free))
    for name, blocks in zone.by_type.items():
        if any(blocks):
            lines.append(_numbers(f"  {name.lower()}", blocks))
    for name, index in INDICES:
        lines.append(_numbers(name, [f"{value:.3f}" for value in zone.index(index)]))
    if zone.pageblocks:
        counts = (f"{n} {name.lower()}" for name, n in zone.pageblocks.items() if n)
        lines.append(f"  pageblocks: {', '.join(counts)}")
    return lines


def report(host: Host) -> str:
    """All that was read, and at the end what was not and why."""
    lines = [f"Linux {host.release or 'of unknown version'}, files below {host.root}"]
    sizes = (f"{name} {human(host.meminfo[name])}" for name in MEMINFO if name in host.meminfo)
    lines += [fill(", ".join(sizes), WIDTH), "", _numbers("order", range(MAX_ORDER))]
    for zone in host.zones:
        lines += _zone(zone)
    for name, values in (
        ("zswap's settings", host.zswap),
        ("zswap's counters", host.zswap_counters),
        ("page frames", host.frames),
    ):
        if values:
            told = ", ".join(f"{key} {value}" for key, value in values.items())
            lines += ["", fill(f"{name}: {told}", WIDTH)]
    if host.missing:
        lines += ["", "not to be had:", *(f"  {sentence}" for sentence in host.missing)]
    return "\n".join(lines) + "\n"


def changes(before: Host, now: Host, seconds: float) -> str:
    """What happened between two readings, a second."""
    told = [
        f"{name} {(now.vmstat[name] - before.vmstat[name]) / seconds:.0f}"
        for name in CHANGING
        if name in now.vmstat and name in before.vmstat
    ]
    return f"\na second, in the last {seconds:.3g} s: {', '.join(told)}\n"
