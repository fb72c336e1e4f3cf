"""Reading a host: the running system, a folder of recorded files, or the text of a report."""

import platform
import re
import sys
from pathlib import Path

import numpy as np

from zbudlab.host.files import LIVE, RECORDED, Files
from zbudlab.host.frames import FILE, KINDS, DamagedFlags, read_kinds
from zbudlab.host.hosts import Host
from zbudlab.host.mem_info import looks_like_mem_info, parse_mem_info
from zbudlab.host.opening import is_archive, read_report, top_of, unpacked_archive
from zbudlab.host.pagesize import derived, page_size, said_in
from zbudlab.host.procfs import (
    parse_buddyinfo,
    parse_pagetypeinfo,
    parse_zoneinfo,
    zones_of_types,
)
from zbudlab.host.release import kernel_in, version
from zbudlab.host.sections import split
from zbudlab.host.zones import HostError, Zone, free_pages
from zbudlab.io.arguments import checked

#: A recorded Linux host, for systems other than Linux.
RECORDING = Path(__file__).parent / "recordings" / "linux-6.18"

ARCHIVED = (*RECORDED, f"{FILE}.gz")  #: what is unpacked of an archive
FLAGS_ON_EVERY_FRAME = (4, 6)  #: kernels before mark only the first frame of a block or slab
FAR_APART = 0.05  #: by how much totals may differ, which leave out pages in per-processor lists


@checked()
def read(root: str | Path = LIVE) -> Host:
    """Read this host's memory, or that of files recorded below a folder (see `record`).

    root may also be an archive such as a sosreport, or one file of text, plain or packed: files of
    /proc one after another, or a kernel log with a Mem-Info block. Raises HostError if there is
    nothing to read: this is not Linux, the folder has no recording, or the text is of another kind.
    """
    root = Path(root)
    if str(root) == LIVE and not sys.platform.startswith("linux"):
        raise HostError(
            f"this is {platform.system()}, not Linux: its memory cannot be read this way. There "
            "is a recording of a Linux host: zbudlab host --recording, or host.read(host.RECORDING)"
        )
    if is_archive(root):
        with unpacked_archive(root, ARCHIVED) as folder:
            return _of_folder(folder, str(root))
    if root.exists() and not root.is_dir():
        return from_text(read_report(root), str(root))
    return _of_folder(top_of(root), str(root))


def _of_folder(root: Path, name: str) -> Host:
    """Return the host whose files are below a folder. name: how messages refer to it."""
    host = Host(name)
    files = Files(root, host.missing)
    _read_zones(host, files)
    if not host.zones:
        raise HostError(f"there is no Linux memory to read in {name}: {_why_none(host)}")
    _read_counters(host, files)
    _read_zswap(host, files)
    _read_frames(host, files)
    _compare(host)
    return host


@checked()
def from_text(text: str, name: str = "the text") -> Host:
    """Return a host from text: files of /proc, or a kernel log with a Mem-Info block.

    name: how messages refer to the text. Files of /proc may follow one another, with or without
    headings. Raises HostError if there are no free lists.
    """
    host = Host(name)
    parts = split(text)
    found = parse_buddyinfo(parts["buddyinfo"])
    logged = looks_like_mem_info(text)
    if logged and not found.zones:
        _of_mem_info(host, text, name)
        return host
    if logged:
        host.notes.append(f"{name} has a Mem-Info block, too, which `zbudlab why` reads")
    _of_proc(host, parts)
    if not host.zones:
        raise HostError(
            f"there is no Linux memory to read in {name}: neither lines of /proc/buddyinfo "
            "nor free lists of a Mem-Info block (779*4kB ...) are in it"
        )
    _count(host, parts["vmstat"], parts["meminfo"])
    host.release = kernel_in(text)
    host.page_size = said_in(text) or derived(host.zones, host.meminfo, host.vmstat)
    _compare(host)
    return host


def _why_none(host: Host) -> str:
    if host.notes:
        return host.notes[0]
    lacks = (sentence for sentence in host.missing if "/proc/buddyinfo" in sentence)
    return next(lacks, "/proc/buddyinfo names no zone")


def _of_proc(host: Host, parts: dict[str, str]) -> None:
    """Read the zones from the texts of files of /proc by name; "" for a file that is missing."""
    parsed = parse_buddyinfo(parts["buddyinfo"])
    zones = parsed.zones
    host.notes += parsed.notes
    if not zones and (zones := zones_of_types(parts["pagetypeinfo"])):
        host.notes.append("free blocks are those of pagetypeinfo: there is no buddyinfo")
    host.zones = list(zones.values())
    parse_zoneinfo(parts["zoneinfo"], zones)
    if parts["pagetypeinfo"]:
        host.notes += parse_pagetypeinfo(parts["pagetypeinfo"], zones)


def _of_mem_info(host: Host, text: str, name: str) -> None:
    """Read the zones from the Mem-Info block of a kernel log."""
    found = parse_mem_info(text)
    host.zones = [zone for zone in found.zones if zone.free]
    host.page_size = found.page_size
    host.release = kernel_in(text)
    host.notes.append(
        f"{name} is a kernel log: free lists and sizes are those of its Mem-Info block; which "
        "types a list holds is known, but not how many blocks of each"
    )
    host.notes += [f"{name}: {note}" for note in found.notes]
    if found.dumps > 1:
        host.notes.append(f"{name} has {found.dumps} Mem-Info blocks: the last is used")


def _read_zones(host: Host, files: Files) -> None:
    text = files.text("proc/buddyinfo", "free blocks")
    lost = "free blocks by migrate type, and types of pageblocks, are not known"
    if looks_like_mem_info(text):
        _of_mem_info(host, text, "/proc/buddyinfo")
        if types := files.text("proc/pagetypeinfo", lost):
            zones = {(zone.node, zone.name): zone for zone in host.zones}
            host.notes += parse_pagetypeinfo(types, zones)
        return
    sizes = files.text("proc/zoneinfo", "the size of zones")
    types = files.text("proc/pagetypeinfo", lost)
    _of_proc(host, {"buddyinfo": text, "zoneinfo": sizes, "pagetypeinfo": types})


def _numbers(text: str) -> dict[str, int]:
    """Return numbers by name from lines `name number` or `name: number kB`."""
    return {name: int(value) for name, value in re.findall(r"^([\w()]+):?\s+(\d+)", text, re.M)}


def _read_counters(host: Host, files: Files) -> None:
    release = files.text("proc/sys/kernel/osrelease", "the kernel's version").strip()
    host.release = release or host.release
    vmstat = files.text("proc/vmstat", "what happened since boot")
    _count(host, vmstat, files.text("proc/meminfo", "how much memory there is"))
    if not any(zone.letters for zone in host.zones):
        host.page_size = page_size(files, host.zones, host.meminfo, host.vmstat)


def _count(host: Host, vmstat: str, meminfo: str) -> None:
    """Read the counters of vmstat and the sizes of meminfo."""
    host.vmstat = _numbers(vmstat)
    host.meminfo = {name: kib * 1024 for name, kib in _numbers(meminfo).items()}


def _read_zswap(host: Host, files: Files) -> None:
    where = "sys/module/zswap/parameters"
    absent = "this kernel was built without zswap"
    if "Zswap" in host.meminfo:
        absent = "it is not there"
    host.zswap = files.folder(where, "settings of zswap are not known", absent)
    if not host.zswap:
        return
    lost = "zswap's counters are not known (they need debugfs mounted and zswap switched on)"
    found = files.folder("sys/kernel/debug/zswap", lost, "it is not there")
    host.zswap_counters = {n: int(v) for n, v in found.items() if v.isascii() and v.isdigit()}
    if host.zswap.get("zpool") != "zbud":
        since = ": Linux has none since 6.15" if "zpool" not in host.zswap else ""
        host.missing.append(f"zswap does not use zbud here{since}")


def _read_frames(host: Host, files: Files) -> None:
    """Read what each page frame is from kpageflags, and count the kinds."""
    lost = "what each page frame is used for is not known"
    try:
        host.kinds = read_kinds(files.path(FILE))
    except PermissionError:
        host.missing.append(f"/{FILE}: only root may read it: {lost}")
        return
    except DamagedFlags as error:
        host.missing.append(f"/{FILE}: {error}: {lost}")
        return
    except OSError:
        said = f"/{FILE}: it is not there" if files.live else f"not in this recording: /{FILE}"
        host.missing.append(f"{said}: {lost}")
        return
    counts = np.bincount(host.kinds, minlength=len(KINDS)).tolist()
    host.frames = dict(zip(KINDS, counts, strict=True))
    known = version(host.release)
    if known < FLAGS_ON_EVERY_FRAME if known else _counts_blocks(host):
        free = sum(zone.free_pages for zone in host.zones)
        seems = "before" if known else "this recording seems to be of a kernel before"
        host.notes.append(
            f"/{FILE}: {seems} Linux 4.6, which marks only the first frame of a free block or "
            f"slab: 'free' and 'slab' count blocks, the rest of them is under 'kernel' (buddyinfo "
            f"has {free} free pages)"
        )


def _counts_blocks(host: Host) -> bool:
    """Return whether the frames marked free are closer to buddyinfo's blocks than to its pages."""
    free = host.frames["free"]
    blocks = sum(sum(zone.free) for zone in host.zones)
    return abs(free - blocks) < abs(free - sum(zone.free_pages for zone in host.zones))


def _compare(host: Host) -> None:
    """Note where the files of one host disagree on free memory, with both numbers."""
    for zone in host.zones:
        _compare_zone(host, zone)
    free, said = sum(zone.free_pages for zone in host.zones), host.meminfo.get("MemFree", 0)
    there = said // host.page_size
    if said and abs(there - free) > FAR_APART * max(there, free) + 1024:
        host.notes.append(
            f"meminfo has {there} free pages of {host.page_size // 1024} KiB, buddyinfo {free}: "
            "they were read at different times, or the recording lacks zones"
        )


def _compare_zone(host: Host, zone: Zone) -> None:
    typed = sum(free_pages(blocks) for blocks in zone.by_type.values())
    if zone.by_type and typed != zone.free_pages:
        host.notes.append(
            f"buddyinfo has {zone.free_pages} free pages in {zone}, pagetypeinfo {typed}: they "
            "were read at different times; the machine takes pagetypeinfo's"
        )
    counted = zone.counts.get("free", zone.free_pages)
    if abs(counted - zone.free_pages) > FAR_APART * max(counted, zone.free_pages) + 64:
        host.notes.append(
            f"buddyinfo has {zone.free_pages} free pages in {zone}, zoneinfo {counted}: they were "
            "read at different times"
        )
