"""Why a request was refused, and what would have helped: the answer to a report."""

from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from typing import Any

from zbudlab.host.hosts import Host
from zbudlab.host.mem_info import parse_mem_info
from zbudlab.host.reasons.crowd import Counts
from zbudlab.host.reasons.decide import (
    EMPTY,
    MET,
    UNKNOWN,
    ZoneDecision,
    allowed_zones,
    decide,
    deciding,
    highest_zone,
)
from zbudlab.host.reasons.gfp import parse_gfp
from zbudlab.host.reasons.remedies import LAYOUTS, Remedy, remedies, zone_counts
from zbudlab.host.reasons.request import ASKED, STALL, VMAP, Request, parse_request
from zbudlab.host.reasons.rules import rules_of
from zbudlab.host.reasons.steps import (
    NO_ADDRESSES,
    REASONS,
    Decision,
    address_step,
    blocks_step,
    cma_steps,
    effort_step,
    index_step,
    is_cma,
    request_step,
    watermark_step,
    zones_step,
)
from zbudlab.host.release import version
from zbudlab.host.zones import ZONE_NAMES, Zone
from zbudlab.io.arguments import checked
from zbudlab.layout import PAGE_SIZE

LARGEST_ORDER = 10  #: of kernels whose report has no free lists


@dataclass
class Answer:
    """The answer to a report.

    reason: in a word or two ("scattered", "short", "CMA only", ...). because: the reason as a
    sentence. steps: of the decision, in the kernel's order. remedies: what would have helped.
    notes: what the report leaves open. decisions: one per zone, in the order in which the kernel
    tries them. counts: the deciding zone as it is drawn, None if its size is not known.
    """

    request: Request
    reason: str
    because: str
    steps: list[Decision]
    remedies: list[Remedy] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decisions: list[ZoneDecision] = field(default_factory=list)
    page_size: int = PAGE_SIZE
    counts: Counts | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        plain = asdict(replace(self, counts=None))
        del plain["counts"]
        if plain["request"]["gfp"]:
            text, flags = self.request.gfp or ("", frozenset())
            plain["request"]["gfp"] = {"text": text, "flags": sorted(flags)}
        return plain

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        """Return the output in a notebook: a live map of the deciding zone, and the answer.

        Drawing is above this layer, which therefore knows it by name only.
        """
        shown: tuple[dict, dict] = import_module("zbudlab.view.reports").shown(self)
        return shown

    def __str__(self) -> str:
        lines = [f"{self.request.kind}, Linux {self.request.release or 'of unknown version'}", ""]
        for number, step in enumerate(self.steps, 1):
            lines += [f"{number}. {step.sentence}", f"     {step.place}"]
        lines += ["", f"Reason: {self.because} ({self.reason})."]
        if self.remedies:
            lines += ["", "What would have helped, on simulated zones with these free lists:"]
            lines += [f"  {remedy}" for remedy in self.remedies]
        lines += ["", *self.notes] if self.notes else []
        return "\n".join(lines)


@checked()
def why(
    report: str | Host,
    *,
    order: int | None = None,
    gfp: str | None = None,
    node: int | None = None,
    layouts: int = LAYOUTS,
) -> Answer:
    """Return why the kernel refused a request, and what would have helped.

    report: the text of a kernel log with a page allocation failure, an OOM kill or a CMA failure,
    or a host (see `read`) with order and gfp of a request to judge. node: the only NUMA node whose
    memory that request may have; None = any. layouts: zones drawn for each remedy; 0 = try none.
    Raises HostError if the text reports no request or the host lacks the node, ValueError for an
    invalid order or gfp mask.
    """
    if not isinstance(report, Host):
        request, part = parse_request(report)
        if is_cma(request):
            steps, reason, because = cma_steps(request)
            return Answer(request, reason, because, steps)
        if request.kind == VMAP:
            return Answer(request, "no addresses", NO_ADDRESSES, [address_step(request.size)])
        found = parse_mem_info(part)
        zones, totals, size = found.zones, found.totals, found.page_size
        damage = found.notes
    else:
        request = _asked(report, order, gfp)
        report = report if node is None else report.on_node(node)
        zones, size, damage = report.zones, report.page_size, []
        totals = {name.removeprefix("nr_"): pages for name, pages in report.vmstat.items()}
    answer = _answer(request, zones, totals, size, layouts)
    answer.notes += [f"{note[0].upper()}{note[1:]}." for note in damage]
    return answer


def _asked(host: Host, order: int | None, gfp: str | None) -> Request:
    if order is None or not 0 <= order < 64:
        raise ValueError(f"order must be 0 to 63, not {order}: a recording needs --order N")
    known = version(host.release)
    flags = parse_gfp(gfp or "GFP_KERNEL", known)
    return Request(ASKED, order, flags, host.release, version=known)


def _answer(
    request: Request, zones: list[Zone], totals: dict[str, int], size: int, layouts: int
) -> Answer:
    gfp, rules = request.gfp, rules_of(request.version)
    assert gfp is not None
    notes = _notes(request, zones)
    steps = [request_step(request, gfp, size)]
    orders = max((len(zone.free) for zone in zones), default=0) or LARGEST_ORDER + 1
    if request.order >= orders:
        because = f"order {request.order} is larger than the largest block, order {orders - 1}"
        return Answer(request, "too large", because, steps, notes=notes, page_size=size)
    decisions = [
        decide(zone, zones, gfp, request.order, rules)
        for zone in allowed_zones(zones, gfp)
        if request.may_use(zone.node)
    ]
    steps.append(zones_step(highest_zone(zones, gfp), gfp, decisions))
    for found in decisions:
        steps += [watermark_step(found, request.order), blocks_step(found, request.order)]
        steps += [index_step(found, request.order)] if request.order else []
    steps.append(effort_step(request.order, gfp, rules))
    answer = Answer(request, *_reason(request, decisions, zones), steps, [], notes, decisions, size)
    _add_remedies(answer, zones, totals, layouts)
    return answer


def _reason(request: Request, decisions: list[ZoneDecision], zones: list[Zone]) -> tuple[str, str]:
    if request.memory_group:
        return "memory cgroup", "the limit of a memory cgroup is reached, not that of the machine"
    last = deciding(decisions)
    if not zones:
        return UNKNOWN, "this report has no zones: its Mem-Info block is missing"
    if not any(request.may_use(zone.node) for zone in zones):
        return UNKNOWN, f"this report has no zone of node {request.only}, to which it was limited"
    if last is None:
        return EMPTY, REASONS[EMPTY]
    if any(found.verdict == MET for found in decisions):
        return MET, REASONS[MET]
    return last.verdict, REASONS[last.verdict]


def _notes(request: Request, zones: list[Zone]) -> list[str]:
    notes = _request_notes(request)
    if unknown := sorted({zone.name for zone in zones} - set(ZONE_NAMES)):
        notes.append(f"Zones that Linux does not have are left out: {', '.join(unknown)}.")
    if request.kind == ASKED and zones and not any("min" in zone.counts for zone in zones):
        notes.append("The watermarks are not known (no zoneinfo): 0 is assumed.")
    if zones and not any(any(zone.letters) or zone.by_type for zone in zones):
        notes.append("Migrate types are not known: every free block counts as usable.")
    several = len({zone.node for zone in zones}) > 1
    if request.only and several:
        word = "node" if request.only.isdigit() else "nodes"
        notes.append(f"The request may use memory of {word} {request.only} only.")
    elif request.gfp and "__GFP_THISNODE" in request.gfp.flags and several:
        notes.append("The request was for one node, and the report does not say which.")
    if request.nodes and several:
        notes.append(f"The task may use memory of nodes {request.nodes}.")
    return notes


def _request_notes(request: Request) -> list[str]:
    notes = []
    if request.others:
        notes.append(f"The text has {request.others + 1} reports: the last complete one is used.")
    if request.kind == STALL:
        notes.append("The request was not refused: it had waited for memory for that time.")
    if request.version and not version(request.release):
        first, second = request.version
        notes.append(
            "The report does not name its kernel. Flags without names are those of kernels before "
            f"4.6: it is judged by the rules of {first}.{second}."
        )
    return notes


def _add_remedies(answer: Answer, zones: list[Zone], totals: dict[str, int], layouts: int) -> None:
    last = deciding(answer.decisions)
    if last is None:
        return
    answer.counts = counts = zone_counts(last, zones, totals, answer.page_size)
    if layouts < 1 or answer.reason in (MET, "memory cgroup", UNKNOWN):
        return
    zone = last.zone
    barred = last.free - last.usable_free
    if counts is None:
        answer.notes.append(f"The size of {zone} is not known: nothing was tried.")
        return
    answer.remedies = remedies(last, counts, answer.request.order, layouts=layouts)
    scale = max(zone.size / max(counts.frames, 1), 1)
    drawn = f", drawn {scale:.0f} times smaller" if scale >= 2 else ""
    answer.notes.append(
        f"Remedies were tried on {zone}{drawn}; in half of the layouts the kernel's own pages are "
        "grouped in pageblocks, in the others they are anywhere."
    )
    if barred:
        answer.notes.append(f"{barred} free pages that the request may not use were left out.")
