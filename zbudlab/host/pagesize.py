"""The page size of a host, from what its recording says about it."""

import math
import os
import re

from zbudlab.host.files import PAGE_SIZE_FILE, Files
from zbudlab.host.zones import Zone
from zbudlab.layout import PAGE_SIZE

SIZES = tuple(1 << shift for shift in range(12, 19))  #: 4 KiB to 256 KiB
NEAR = 0.15  #: how far a quotient may be from a power of two, as a power of two
FEW = 512  #: pages, below which free memory says too little about their size


def _nearest(size: float, near: float) -> int:
    """Return the page size near a quotient, 0 if there is none."""
    if size <= 0:
        return 0
    power = round(math.log2(size))
    whole = 1 << max(power, 0)
    return whole if whole in SIZES and abs(math.log2(size) - power) <= near else 0


def _said(files: Files) -> int:
    """Return the page size that the host or a file of the recording states, 0 if none does."""
    if files.live and hasattr(os, "sysconf"):
        return int(os.sysconf("SC_PAGE_SIZE"))
    said = files.optional(PAGE_SIZE_FILE).strip()
    if said:
        return int(said) if said.isdigit() and int(said) in SIZES else 0
    return _of_smaps(files.optional("proc/self/smaps"))


def page_size(
    files: Files, zones: list[Zone], meminfo: dict[str, int], vmstat: dict[str, int]
) -> int:
    """Return the page size in bytes, as recorded or from sizes given in bytes and in pages."""
    return _said(files) or derived(zones, meminfo, vmstat)


def said_in(text: str) -> int:
    """Return the page size that a text has, from getconf or smaps; 0 if it has none."""
    found = re.search(r"\bPAGE_?SIZE\s+(\d+)\s*$", text, re.M)
    size = int(found[1]) if found else 0
    return size if size in SIZES else _of_smaps(text)


def _of_smaps(text: str) -> int:
    found = re.search(r"KernelPageSize:\s+(\d+) kB", text)
    size = int(found[1]) * 1024 if found else 0
    return size if size in SIZES else 0


def derived(zones: list[Zone], meminfo: dict[str, int], vmstat: dict[str, int]) -> int:
    """Return the page size in bytes that sizes in bytes and in pages show, 4096 if they do not.

    Divide MemTotal by the managed pages, or else MemFree by the free pages.
    """
    free = vmstat.get("nr_free_pages") or sum(zone.free_pages for zone in zones)
    by_free = _nearest(meminfo.get("MemFree", 0) / free, 0.5) if free >= FEW else 0
    managed = sum(zone.managed for zone in zones)
    by_managed = _nearest(meminfo.get("MemTotal", 0) / managed, NEAR) if managed else 0
    if by_free and by_managed and by_free != by_managed:
        return PAGE_SIZE
    return by_managed or by_free or PAGE_SIZE
