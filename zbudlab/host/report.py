"""A host in words and numbers: what `zbudlab host` prints."""

from collections.abc import Sequence
from textwrap import fill

from zbudlab.host.hosts import Host
from zbudlab.host.zones import Zone
from zbudlab.host.zswap import zswap_words
from zbudlab.io.values import human
from zbudlab.layout import PAGE_SIZE

MEMINFO = ("MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree", "Zswap", "Zswapped")
WIDTH = 100
CHANGING = ("pgfault", "pgmajfault", "pswpin", "pswpout", "compact_stall", "pgmigrate_success")


def _numbers(name: str, values: Sequence[object]) -> str:
    return f"  {name:<20}" + "".join(f"{value!s:>8}" for value in values)


def _zone(zone: Zone, page_size: int) -> list[str]:
    """Return free blocks and indices of a zone by order."""
    free, size = human(zone.free_pages * page_size), human(zone.size * page_size)
    of = f" of {size} free" if zone.size else " free, its size is not known"
    lines = [f"{zone}: {free}{of}", _numbers("free blocks", zone.free)]
    for name, blocks in zone.by_type.items():
        if any(blocks):
            lines.append(_numbers(f"  {name.lower()}", blocks))
    if any(zone.letters):
        lines.append(_numbers("  types", [letters or "-" for letters in zone.letters]))
    for name, index in (
        ("unusable index", zone.unusable_index()),
        ("fragmentation index", zone.fragmentation_index()),
    ):
        lines.append(_numbers(name, [f"{value:.3f}" for value in index]))
    if zone.pageblocks:
        counts = (f"{n} {name.lower()}" for name, n in zone.pageblocks.items() if n)
        lines.append(f"  pageblocks: {', '.join(counts)}")
    return lines


def _sizes(host: Host) -> list[str]:
    sizes = (f"{name} {human(host.meminfo[name])}" for name in MEMINFO if name in host.meminfo)
    lines = [fill(", ".join(sizes), WIDTH)]
    if host.page_size != PAGE_SIZE:
        lines.append(f"pages here are {human(host.page_size)}")
    return [line for line in lines if line]


def _sentences(title: str, sentences: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {sentence}" for sentence in sentences)] if sentences else []


def report(host: Host) -> str:
    """Return everything that was read as text, then what could not be read and why."""
    lines = [f"Linux {host.release or 'of unknown version'}, files below {host.root}"]
    orders = range(max((len(zone.free) for zone in host.zones), default=0))
    lines += [*_sizes(host), "", _numbers("order", orders)]
    for zone in host.zones:
        lines += _zone(zone, host.page_size)
    for name, values in (
        ("zswap's settings", host.zswap),
        ("zswap's counters", host.zswap_counters),
        ("page frames", host.frames),
    ):
        if values:
            named = ", ".join(f"{key} {value}" for key, value in values.items())
            lines += ["", fill(f"{name}: {named}", WIDTH)]
    words = zswap_words(host.zswap, host.zswap_counters, host.meminfo, host.page_size)
    lines += _sentences("zswap", words)
    lines += _sentences("to note", host.notes)
    lines += _sentences("not available", host.missing)
    return "\n".join(lines) + "\n"


def changes(before: Host, now: Host, seconds: float) -> str:
    """Return the events per second between two readings as text."""
    rates = [
        f"{name} {(now.vmstat[name] - before.vmstat[name]) / seconds:.0f}"
        for name in CHANGING
        if name in now.vmstat and name in before.vmstat
    ]
    return f"\nper second, in the last {seconds:.3g} s: {', '.join(rates)}\n"
