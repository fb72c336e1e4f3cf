"""The machine you sit at: what Linux says of its own memory, and a machine of ours like it.

`read()` takes the kernel's files (or recorded ones, from any folder), `Host.machine()` starts a
machine with the same free lists. What cannot be read is named in plain words; nothing needs root
that is not said to. On systems that are not Linux there is a recording: `read(RECORDING)`.
"""

import platform
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zbudlab.host.frames import FILE, KINDS, DamagedFlags, read_kinds, record_flags
from zbudlab.io.values import human
from zbudlab.layout import HUGETLB_PAGE_ORDER as ORDER
from zbudlab.layout import (
    MAX_ORDER,
    MIGRATE_MOVABLE,
    MIGRATE_RECLAIMABLE,
    MIGRATE_RESERVE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
    PAGE_SIZE,
)
from zbudlab.machine import Machine
from zbudlab.machine.config import MAX_FRAMES
from zbudlab.mm import vmstat

#: A Linux host that we recorded, for systems that are not Linux.
RECORDING = Path(__file__).parent / "recordings" / "linux-6.18"

#: The kernel's types as ours. CMA's and isolated pageblocks count as movable.
TYPES = {
    "Unmovable": MIGRATE_UNMOVABLE,
    "Reclaimable": MIGRATE_RECLAIMABLE,
    "Movable": MIGRATE_MOVABLE,
    "HighAtomic": MIGRATE_RESERVE,
    "Reserve": MIGRATE_RESERVE,
    "CMA": MIGRATE_MOVABLE,
    "Isolate": MIGRATE_MOVABLE,
}


class HostError(OSError):
    """A host of which nothing can be read."""


@dataclass
class Zone:
    """One zone of memory. free: blocks by order. by_type, pageblocks: by the kernel's names."""

    node: int
    name: str
    free: list[int]
    managed: int = 0
    by_type: dict[str, list[int]] = field(default_factory=dict)
    pageblocks: dict[str, int] = field(default_factory=dict)

    @property
    def free_pages(self) -> int:
        """Pages in free blocks."""
        return sum(blocks << order for order, blocks in enumerate(self.free))

    @property
    def nr_pageblocks(self) -> int:
        """Pageblocks, as told or as its size wants them; 0 = not known."""
        size = max(self.managed, self.free_pages) if self.managed else 0
        return sum(self.pageblocks.values()) or -(-size // (1 << ORDER))

    @property
    def frames(self) -> int:
        """Page frames of a machine like it: whole pairs of pageblocks; 0 = not known."""
        return (self.nr_pageblocks + self.nr_pageblocks % 2) << ORDER

    def index(self, which: Callable) -> list[float]:
        """`vmstat.fragmentation_index` or `unusable_free_index` for each order."""
        record = np.zeros(1, [("nr_free", "i8", (MAX_ORDER,))]).view(np.recarray)[0]
        record.nr_free[:] = self.free
        return [which.py_func(record, order) / 1000 for order in range(MAX_ORDER)]  # type: ignore


def _none() -> NDArray[np.uint8]:
    return np.empty(0, np.uint8)


@dataclass
class Host:
    """What was read. missing: a sentence for each thing that was not, and why."""

    root: str
    release: str = ""
    zones: list[Zone] = field(default_factory=list)
    vmstat: dict[str, int] = field(default_factory=dict)
    meminfo: dict[str, int] = field(default_factory=dict)  # bytes
    zswap: dict[str, str] = field(default_factory=dict)  # parameters
    zswap_counters: dict[str, int] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)  # page frames by kind, of kpageflags
    kinds: NDArray[np.uint8] = field(default_factory=_none, repr=False)  # host_frames.KINDS
    missing: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON; each zone with its indices."""
        plain = asdict(replace(self, kinds=_none()))
        del plain["kinds"]
        for zone, values in zip(self.zones, plain["zones"], strict=True):
            values["fragmentation_index"] = zone.index(vmstat.fragmentation_index)
            values["unusable_index"] = zone.index(vmstat.unusable_free_index)
        return plain

    def zone(self, name: str | None = None) -> Zone:
        """A zone by its name, by default the one with most memory; HostError if there is none."""
        named = [zone for zone in self.zones if name in (None, zone.name)]
        if not named:
            there = ", ".join(dict.fromkeys(zone.name for zone in self.zones)) or "none"
            raise HostError(f"there is no zone {name!r} here, only: {there}")
        return max(named, key=lambda zone: (zone.managed, zone.free_pages))

    def machine(self, zone: str | None = None, *, seed: int = 0, **settings: Any) -> Machine:
        """A machine with the free-list counts of a zone; where blocks lie is drawn by the seed.

        What is not free is in the kernel's own use there, as nobody outside can tell who has it:
        compaction finds nothing to move until programs are started. Without pagetypeinfo (see
        `missing`) all pageblocks count as movable. Settings as for Machine; without page bytes
        by default. Raises HostError for a zone of unknown size, or larger than a machine can be.
        """
        wanted = self.zone(zone)
        self._check_size(wanted)
        free, pageblocks = _counts(wanted)
        frames = int(pageblocks.sum()) << ORDER
        machine = Machine(frames=frames, **{"page_bytes": False, "seed": seed, **settings})
        machine.lay_out(free, pageblocks, seed=seed)
        return machine

    def _check_size(self, zone: Zone) -> None:
        """Refuse a zone that no machine can be like, with what to do instead."""
        if not zone.frames:
            raise HostError(
                f"how large zone {zone.name} is, is not known: put the host's proc/zoneinfo (or "
                f"proc/pagetypeinfo) below {self.root}, beside proc/buddyinfo"
            )
        if zone.frames > MAX_FRAMES:
            fit = [other.name for other in self.zones if 0 < other.frames <= MAX_FRAMES]
            instead = f"; ask for a smaller zone: {', '.join(dict.fromkeys(fit))}" if fit else ""
            raise HostError(
                f"zone {zone.name} has {zone.frames} page frames ({human(zone.frames * PAGE_SIZE)})"
                f", a machine {MAX_FRAMES} at most{instead}"
            )


def _counts(zone: Zone) -> tuple[np.ndarray, np.ndarray]:
    """Free blocks by our types and orders, and pageblocks by type, in whole pairs of them."""
    free = np.zeros((MIGRATE_TYPES, MAX_ORDER), np.int64)
    pageblocks = np.zeros(MIGRATE_TYPES, np.int64)
    for name, blocks in (zone.by_type or {"Movable": zone.free}).items():
        free[TYPES.get(name, MIGRATE_MOVABLE)] += blocks
    for name, count in zone.pageblocks.items():
        pageblocks[TYPES.get(name, MIGRATE_MOVABLE)] += count
    if not zone.pageblocks:
        pageblocks[MIGRATE_MOVABLE] = zone.nr_pageblocks
    pageblocks[MIGRATE_UNMOVABLE] += pageblocks.sum() % 2
    return free, pageblocks


# --- reading -------------------------------------------------------------------------------------


class _Files:
    """The kernel's files below a root; what cannot be read is noted in `missing`."""

    def __init__(self, root: Path, missing: list[str]) -> None:
        self.root = root
        self.missing = missing

    def text(self, name: str, lost: str, absent: str = "this kernel has no such file") -> str:
        """A file's text, "" if it cannot be read: then `missing` says what is lost."""
        try:
            return (self.root / name).read_text("utf-8", "replace")
        except PermissionError:
            self.missing.append(f"/{name}: only root may read it: {lost}")
        except OSError:
            self.missing.append(f"/{name}: {absent}: {lost}")
        return ""

    def folder(self, name: str, lost: str, absent: str) -> dict[str, str]:
        """The texts of all files of a folder by name."""
        try:
            files = sorted(path for path in (self.root / name).iterdir() if path.is_file())
            return {path.name: path.read_text("utf-8", "replace").strip() for path in files}
        except PermissionError:
            self.missing.append(f"/{name}: only root may read it: {lost}")
        except OSError:
            self.missing.append(f"/{name}: {absent}: {lost}")
        return {}


def read(root: str | Path = "/") -> Host:
    """This host's memory, or that of files recorded below a folder (see `record`).

    Raises HostError where there is nothing to read: no Linux, or no recording.
    """
    host = Host(str(root))
    if str(root) == "/" and not sys.platform.startswith("linux"):
        raise HostError(
            f"this is {platform.system()}, not Linux: its memory cannot be read this way. There "
            "is a recording of a Linux host: zbudlab host --recording, or host.read(host.RECORDING)"
        )
    files = _Files(Path(root), host.missing)
    _read_zones(host, files)
    if not host.zones:
        why = host.missing[0] if host.missing else "/proc/buddyinfo names no zone"
        raise HostError(f"there is no memory of a Linux to read in {root}: {why}")
    host.release = files.text("proc/sys/kernel/osrelease", "the kernel's version").strip()
    host.vmstat = _numbers(files.text("proc/vmstat", "what happened since boot"))
    meminfo = _numbers(files.text("proc/meminfo", "how much memory there is"))
    host.meminfo = {name: kilobytes * 1024 for name, kilobytes in meminfo.items()}
    _read_zswap(host, files)
    _read_frames(host, files)
    return host


def _numbers(text: str) -> dict[str, int]:
    """Lines `name number` or `name: number kB`, as the kernel writes them."""
    return {name: int(value) for name, value in re.findall(r"^([\w()]+):?\s+(\d+)", text, re.M)}


ZONE_LINE = re.compile(r"Node\s+(\d+), zone\s+(\S+)\s+([\d ]+)$", re.M)
TYPE_LINE = re.compile(r"Node\s+(\d+), zone\s+(\S+), type\s+(\S+)\s+([\d> ]+)$", re.M)
MANAGED = re.compile(r"Node\s+(\d+), zone\s+(\S+)(?:(?!Node)[\s\S])*?managed\s+(\d+)")


def _by_order(words: str) -> list[int]:
    """Free blocks of our orders; larger ones of other kernels count as several of our largest."""
    blocks = [int(word.lstrip(">")) for word in words.split()]
    larger = sum(n << above for above, n in enumerate(blocks[MAX_ORDER:], 1))
    counts = (blocks + [0] * MAX_ORDER)[:MAX_ORDER]
    counts[-1] += larger
    return counts


def _read_zones(host: Host, files: _Files) -> None:
    buddyinfo = files.text("proc/buddyinfo", "free blocks")
    zones = {(n, z): Zone(int(n), z, _by_order(b)) for n, z, b in ZONE_LINE.findall(buddyinfo)}
    for node, name, managed in MANAGED.findall(files.text("proc/zoneinfo", "the size of zones")):
        if (node, name) in zones:
            zones[node, name].managed = int(managed)
    lost = "free blocks by migrate type, and types of pageblocks, are not known"
    pagetypeinfo = files.text("proc/pagetypeinfo", lost)
    for node, name, kind, blocks in TYPE_LINE.findall(pagetypeinfo):
        if (node, name) in zones:
            zones[node, name].by_type[kind] = _by_order(blocks)
    _read_pageblocks(zones, pagetypeinfo)
    host.zones = list(zones.values())


def _read_pageblocks(zones: dict[tuple[str, str], Zone], pagetypeinfo: str) -> None:
    """The table at the end of pagetypeinfo: pageblocks by zone and type."""
    head = re.search(r"Number of blocks type\s+(.*)", pagetypeinfo)
    if head is None:
        return
    names = head[1].split()
    for node, name, counts in ZONE_LINE.findall(pagetypeinfo[head.end() :]):
        numbers = map(int, counts.split())
        if (node, name) in zones:
            zones[node, name].pageblocks = dict(zip(names, numbers, strict=False))


def _read_zswap(host: Host, files: _Files) -> None:
    no_zswap = "this kernel was built without zswap"
    where = "sys/module/zswap/parameters"
    host.zswap = files.folder(where, "settings of zswap are not known", no_zswap)
    lost = "zswap's counters are not known (debugfs must be mounted, zswap have been on)"
    if host.zswap:
        found = files.folder("sys/kernel/debug/zswap", lost, "it is not there")
        host.zswap_counters = {n: int(v) for n, v in found.items() if v.isdigit()}
        if host.zswap.get("zpool") != "zbud":
            host.missing.append(
                "zswap does not use zbud here"
                + (": since Linux 6.15 there is none" if "zpool" not in host.zswap else "")
            )


def _read_frames(host: Host, files: _Files) -> None:
    """What each page frame is, of kpageflags, and how many are what."""
    lost = "what each page frame is used for is not known"
    try:
        host.kinds = read_kinds(files.root)
    except PermissionError:
        host.missing.append(f"/{FILE}: only root may read it: {lost}")
    except DamagedFlags as error:
        host.missing.append(f"/{FILE}: {error}: {lost}")
    except OSError:
        host.missing.append(f"/{FILE}: it is not there: {lost}")
    else:
        counts = np.bincount(host.kinds, minlength=len(KINDS)).tolist()
        host.frames = dict(zip(KINDS, counts, strict=True))


#: What `record` copies; folders with all their files.
RECORDED = (
    "proc/buddyinfo",
    "proc/zoneinfo",
    "proc/pagetypeinfo",
    "proc/vmstat",
    "proc/meminfo",
    "proc/sys/kernel/osrelease",
    "sys/module/zswap/parameters",
    "sys/kernel/debug/zswap",
)


def record(folder: str | Path, root: str | Path = "/") -> list[str]:
    """Copy what `read` takes to a folder, kpageflags packed; names of the files.

    What cannot be read is left out.
    """
    made = record_flags(Path(folder), Path(root))
    for name in RECORDED:
        source = Path(root) / name
        files = sorted(source.iterdir()) if source.is_dir() else [source]
        for file in files:
            try:
                content = file.read_bytes()
            except OSError:
                continue
            target = Path(folder) / file.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            made.append(str(file.relative_to(root)))
    return made
