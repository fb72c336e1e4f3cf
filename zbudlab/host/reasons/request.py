"""The refused request in a kernel log: a page allocation, an OOM kill, or a CMA request."""

import re
from dataclasses import dataclass

from zbudlab.host.reasons.gfp import Gfp, Version, parse_gfp, version_of_mask
from zbudlab.host.release import kernel_in, version
from zbudlab.host.text import plain_text
from zbudlab.host.zones import HostError

FAILURE, OOM, CMA, ASKED = "page allocation failure", "OOM kill", "CMA failure", "request"
VMALLOC, STALL = "vmalloc failure", "page allocation stall"
VMAP = "vmalloc without addresses"
ASSUMED = "GFP_KERNEL"  #: of a line that was cut before the flags
GFP_WORDS = r"(0x[0-9a-f]+(?:\([^)]*\))?)"
HEADS = {
    FAILURE: re.compile(
        r"page\s+allocation\s+failure[.:]\s*order:\s*(\d{1,3})\b(?:\s*,?\s*mode:\s*"
        + GFP_WORDS
        + ")?"
    ),
    STALL: re.compile(  # 4.9 to 4.14
        r"page\s+allocation\s+stalls\s+for\s+\d+\s*ms,\s*order:\s*(\d{1,3})\b,\s*mode:\s*"
        + GFP_WORDS
    ),
    VMALLOC: re.compile(
        r"vmalloc(?:\s+error:\s*size\s+\d+,\s*page\s+order\s+(\d{1,3}),\s*failed\s+to\s+allocate\s+pages,"
        r"|:\s*allocation\s+failure,\s*allocated\s+\d+\s+of\s+\d+\s+bytes,)\s*mode:\s*" + GFP_WORDS
    ),
    VMAP: re.compile(
        r"vmalloc:\s*allocation\s+failure:\s*(\d+)\s*bytes|vmap\s+allocation\s+for\s+size\s+(\d+)\s+failed|"
        r"vmalloc\s+error:\s*size\s+(\d+),\s*vm_struct"
    ),
    OOM: re.compile(
        r"invoked\s+oom-killer:\s*gfp_mask=\s*"
        + GFP_WORDS
        + r",?(?:\s*nodemask=\S+)?\s*order=(\d{1,3})\b"
    ),
    CMA: re.compile(
        r"cma(?:_\w*alloc\w*)?:(?:\s+[^\s:]+:)?\s*alloc\s+failed,\s+"
        r"(?:req-size:\s*(\d+)\s+pages,\s+)?ret:\s*(-\d+)",
        re.I,
    ),
}
AVAILABLE = re.compile(
    r"number of available pages:\s*((?:\d+@\d+|[+\s]|range \d+:|cma:)*?)"
    r"=>\s*(\d+) free of (\d+) total pages"
)
RUN = re.compile(r"(\d+)@(\d+)")
BUSY = re.compile(r"alloc_contig_range\w*: \[\w+, \w+\) PFNs busy")
GROUP = re.compile(r"CONSTRAINT_MEMCG|[Mm]emory cgroup out of memory|Task in \S+ killed as a")
NODES = re.compile(r"mems_allowed=(\d[\d-]*(?:,\d[\d-]*)*)")
MASK = re.compile(r"nodemask=(\d[\d-]*(?:,\d[\d-]*)*)")
CPUSET_LIMIT = re.compile(r"constraint=CONSTRAINT_CPUSET")


#: What to do with a text that has only a part of a report, by a mark of that part.
HINTS = {
    r"\d[*_]\d+kB": "; it has a Mem-Info block: judge a request of your choice with --order N",
    r"Killed process": "; it has only the end of an OOM kill, whose report begins with 'invoked "
    "oom-killer'",
}


@dataclass
class Request:
    """A refused request.

    kind: FAILURE, STALL, VMALLOC, VMAP, OOM, CMA or ASKED. order, gfp: what was asked for; gfp is
    None for CMA and VMAP. size: for VMAP, the bytes asked for.
    pages, error, runs, area, busy: for CMA, the pages wanted, the errno, the lengths of free runs,
    the pages of the area, and the number of busy ranges. memory_group: whether a memory cgroup set
    the limit. nodes: the nodes of the task, as the report names them. only: those that this request
    may use; "" = all. others: number of earlier reports in the text. version: of the kernel, or as
    the form of the flags shows it.
    """

    kind: str
    order: int = 0
    gfp: Gfp | None = None
    release: str = ""
    pages: int = 0
    error: int = 0
    runs: tuple[int, ...] = ()
    area: int = 0
    busy: int = 0
    memory_group: bool = False
    nodes: str = ""
    only: str = ""
    others: int = 0
    version: Version = ()
    size: int = 0

    def may_use(self, node: int) -> bool:
        """Return whether the request may use memory of a node."""
        return not self.only or _holds(self.only, node)


def _holds(nodes: str, node: int) -> bool:
    """Return whether a list such as `0-1,3` has a node."""
    ends = [[int(end) for end in part.split("-") if end] for part in nodes.split(",")]
    return any(end[0] <= node <= end[-1] for end in ends if end)


def parse_request(text: str) -> tuple[Request, str]:
    """Return the last refused request in a text, and the part of the text that belongs to it.

    Raises HostError if the text reports none.
    """
    plain = plain_text(text)
    found = sorted(
        (match.start(), kind, match)
        for kind, head in HEADS.items()
        for match in head.finditer(plain)
    )
    if not found:
        raise HostError(
            "this text reports no refused request: neither 'page allocation failure: order:', "
            "'vmalloc error:', 'invoked oom-killer' nor 'cma_alloc: alloc failed' is in it"
            + next((hint for mark, hint in HINTS.items() if re.search(mark, plain)), "")
        )
    start, kind, match = _with_zones(plain, found)
    part = plain[start : _end(found, start, len(plain))]
    request = _request(kind, match, part, kernel_in(part) or kernel_in(plain))
    request.others = len(found) - 1
    if kind == CMA:
        request.busy = len(BUSY.findall(plain))
    return request, part


Found = tuple[int, str, re.Match]


def _end(found: list[Found], start: int, end: int) -> int:
    return min([place for place, *_ in found if place > start], default=end)


def _with_zones(plain: str, found: list[Found]) -> Found:
    """Return the last report that has a Mem-Info block, else the last one."""
    for entry in reversed(found):
        part = plain[entry[0] : _end(found, entry[0], len(plain))]
        if entry[1] == CMA or re.search(r"\d[*_]\d+kB", part):
            return entry
    return found[-1]


def _request(kind: str, match: re.Match, part: str, release: str) -> Request:
    if kind == CMA:
        return _cma(match, part, release)
    if kind == VMAP:
        return Request(VMAP, release=release, size=int(next(filter(None, match.groups()))))
    words = match.groups()
    order, mask = words if kind != OOM else words[::-1]
    mask = "".join((mask or "").split())
    known = version(release) or version_of_mask(mask)
    gfp = parse_gfp(mask, known) if mask else parse_gfp(ASSUMED)._replace(text=f"{ASSUMED} assumed")
    nodes = NODES.search(part)
    return Request(
        kind,
        int(order or 0),
        gfp,
        release,
        version=known,
        memory_group=kind == OOM and GROUP.search(part) is not None,
        nodes=nodes[1] if nodes else "",
        only=_only(part, gfp, nodes[1] if nodes else ""),
    )


def _only(part: str, gfp: Gfp, nodes: str) -> str:
    """Return the nodes that a request is limited to: its node mask, else a hard cpuset.

    Only requests for user memory are bound to the cpuset of the task (kernel/cgroup/cpuset.c,
    cpuset_zone_allowed, 4.4 to 6.x).
    """
    if mask := MASK.search(part):
        return mask[1]
    hard = "__GFP_HARDWALL" in gfp.flags or CPUSET_LIMIT.search(part)
    return nodes if hard else ""


def _cma(match: re.Match, part: str, release: str) -> Request:
    request = Request(CMA, release=release, pages=int(match[1] or 0), error=int(match[2]))
    if there := AVAILABLE.search(part):
        request.runs = tuple(int(length) for length, _ in RUN.findall(there[1]))
        request.area = int(there[3])
    return request
