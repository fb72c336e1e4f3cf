"""Public reports, reduced to numbers, against the reasons that their threads found.

Also tests `host/reasons/crowd.py`, `host/reasons/remedies.py`, `host/reasons/request.py` and
`view/reports.py`.
"""

import json
import quopri
import re
from pathlib import Path

import pytest

from zbudlab import host
from zbudlab.host.reasons.request import CMA, FAILURE, HEADS, OOM, STALL, VMALLOC, VMAP

DATA = Path(__file__).parents[2] / "data"
REPORTS = json.loads((DATA / "reports" / "reports.json").read_text())
ADDRESS = re.compile(r"https?://[\w.-]+/\S+")


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report["name"])
def test_the_reason_is_the_one_that_the_thread_found_or_the_report_says_that_it_is_not(report):
    answer = host.why("\n".join(report["text"]), layouts=0)
    assert (answer.reason == report["reason"]) == report["found"]
    assert report["found"] or answer.reason == "unknown"
    json.dumps(answer.as_dict())
    said = str(answer)
    assert said.count("Reason: ") == 1
    assert all(step.place in said for step in answer.steps)


def test_every_report_has_the_reason_and_the_address_of_its_thread():
    assert len(REPORTS) == 20
    assert sum(report["found"] for report in REPORTS) == 19
    assert all(report["known"] and ADDRESS.fullmatch(report["address"]) for report in REPORTS)
    assert len({report["address"] for report in REPORTS}) == 20
    assert {report["reason"] for report in REPORTS} >= {
        "short", "scattered", "CMA only", "HighAtomic only", "empty", "CMA busy", "CMA full"
    }  # fmt: skip


def as_mail(text):
    """Return a text as a mail program sends it: quoted, and encoded as quoted-printable."""
    quoted = "".join(f"> {line}\n" for line in text.splitlines())
    return quopri.encodestring(quoted.encode()).decode()


def as_log(text):
    return "".join(
        f"Jan  5 10:20:30 box kernel: [ 5091.85] {line}\r\n" for line in text.splitlines()
    )


@pytest.mark.parametrize("changed", [as_mail, as_log, lambda text: text + text])
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report["name"])
def test_a_report_says_the_same_in_a_mail_and_in_a_log(report, changed):
    plain = "\n".join(report["text"]) + "\n"
    answers = [host.why(text, layouts=0) for text in (plain, changed(plain))]
    assert len({answer.reason for answer in answers}) == 1
    assert answers[0].decisions == answers[1].decisions


def test_watermarks_decide_where_the_free_lists_are_missing():
    text = scattered().split("Node 0 Normal: ")[0]
    assert host.why(text, layouts=0).reason == "unknown"
    short = host.why(text.replace("free:32544kB", "free:20000kB"), layouts=0)
    assert short.reason == "short"
    single = host.why(text.replace("order:4", "order:0"), layouts=0)
    assert single.reason == "met now"


def test_steps_are_in_the_order_in_which_the_kernel_decides():
    report = next(report for report in REPORTS if report["name"] == "x86_atomic_short")
    answer = host.why("\n".join(report["text"]), layouts=0)
    sentences = [step.sentence for step in answer.steps]
    assert sentences[0].startswith(
        "The request: 4 KiB in one block (order 0), 0x2080020(GFP_ATOMIC)"
    )
    assert sentences[1] == "Zones it may use, from Normal down: node 0, zone Normal."
    # min 16410 pages: half of it for __GFP_HIGH, and a further quarter because it cannot wait
    assert answer.steps[2].numbers == {"free": 6071, "usable": 6071, "mark": 6154, "reserve": 0}
    assert "nothing is reclaimed or compacted" in sentences[-1]


def scattered(order=4, extra=""):
    return f"""\
[   12.500000] app: page allocation failure: order:{order}, mode:0xcc0(GFP_KERNEL), nodemask=(null)
CPU: 1 PID: 7 Comm: app Not tainted 5.4.19 #1
Mem-Info:
Node 0 Normal free:32544kB min:20616kB low:25768kB high:30920kB active_anon:40000kB \
inactive_anon:20000kB active_file:20000kB inactive_file:10000kB present:131072kB managed:131072kB
lowmem_reserve[]: 0 0
Node 0 Normal: 3136*4kB (UME) 1500*8kB (UME) 400*16kB (UM) 50*32kB (M) 0*64kB 0*128kB 0*256kB \
0*512kB 0*1024kB 0*2048kB {extra or "0*4096kB"} = 32544kB
"""


def test_scattered_memory_is_compacted_on_simulated_zones():
    answer = host.why(scattered(), layouts=20)
    assert answer.reason == "scattered"
    tried = {remedy.what: remedy for remedy in answer.remedies}
    compaction = tried["compaction"]
    assert compaction.layouts == 20
    assert len(compaction.blocks) == 20
    assert compaction.met > 10
    assert tried["dropping caches, then compaction"].met >= compaction.met
    assert tried["a request of order 3 instead"].blocks[0] == 50
    assert host.why(scattered(), layouts=20).as_dict() == answer.as_dict()


@pytest.mark.parametrize(
    ("letters", "reason"), [("C", "CMA only"), ("H", "HighAtomic only"), ("M", "met now")]
)
def test_blocks_of_other_types_do_not_count(letters, reason):
    assert host.why(scattered(10, f"2*4096kB ({letters})"), layouts=0).reason == reason


def test_an_order_above_the_largest_is_too_large():
    answer = host.why(scattered(11), layouts=0)
    assert answer.reason == "too large"
    assert answer.because == "order 11 is larger than the largest block, order 10"


def test_the_limit_of_a_memory_cgroup_is_not_the_machines():
    text = scattered().replace(
        "page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)",
        "invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
    )
    answer = host.why(text + "Memory cgroup out of memory: Killed process 7\n", layouts=0)
    assert answer.reason == "memory cgroup"


def test_of_several_reports_the_last_is_used():
    answer = host.why(scattered(2) + scattered(4), layouts=0)
    assert answer.request.order == 4
    assert answer.notes[0] == "The text has 2 reports: the last complete one is used."


def test_a_recording_is_judged_for_a_request():
    found = host.read(host.RECORDING)
    answer = host.why(found, order=9, gfp="GFP_HIGHUSER_MOVABLE", layouts=0)
    assert answer.request.kind == "request"
    assert [found.zone.name for found in answer.decisions] == ["Normal", "DMA32", "DMA"]
    with pytest.raises(ValueError, match="order must be 0 to 63, not None"):
        host.why(found)
    with pytest.raises(ValueError, match=r"gfp must be names such as GFP_KERNEL, .* not 'x'"):
        host.why(found, order=1, gfp="x")


def test_text_without_a_report_is_refused():
    with pytest.raises(host.HostError, match="this text reports no refused request"):
        host.why("hello\n")


def test_a_report_without_zones_says_so():
    answer = host.why("app: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)\n")
    assert answer.reason == "unknown"
    kinds = {FAILURE, STALL, VMALLOC, VMAP, OOM, CMA}
    assert set(HEADS) == kinds


def test_a_cma_area_shows_its_longest_run():
    answer = host.why(
        "cma: cma_alloc: linux,cma: alloc failed, req-size: 64 pages, ret: -12\n"
        "cma: number of available pages: 4@124+ 12@500+ 30@900=> 46 free of 4096 total pages\n"
    )
    assert answer.reason == "CMA full"
    assert "the longest free run is 30 pages" in answer.because
    assert answer.steps[1].numbers == {"free": 46, "area": 4096, "longest": 30}
    small = host.why(
        "cma: cma_alloc: alloc failed, req-size: 9000 pages, ret: -12\n"
        "cma: number of available pages: 4096@0=> 4096 free of 4096 total pages\n"
    )
    assert small.reason == "larger than the area"


TWO_NODES = """\
app: page allocation failure: order:4, mode:{mode}, nodemask={mask},cpuset=/,mems_allowed={mems}
CPU: 1 PID: 5 Comm: app Not tainted 5.15.0 #1
Node 0 Normal free:499712kB min:1000kB low:1250kB high:1500kB present:4194304kB managed:4100000kB
Node 1 Normal free:20000kB min:1000kB low:1250kB high:1500kB present:4194304kB managed:4100000kB
Node 0 Normal: 0*4kB 0*8kB 0*16kB 0*32kB 0*64kB 122*4096kB (M) = 499712kB
Node 1 Normal: 3000*4kB (UM) 1000*8kB (M) 0*16kB 0*32kB 0*64kB 0*4096kB = 20000kB
"""
KERNEL, USER = "0xcc0(GFP_KERNEL)", "0xdc0(GFP_USER)"


@pytest.mark.parametrize(
    ("mode", "mask", "mems", "reason"),
    [
        (KERNEL, "(null)", "0-1", "met now"),
        (KERNEL, "1", "0-1", "scattered"),
        (KERNEL, "1-7,9", "0-1", "scattered"),
        (KERNEL, "(null)", "1", "met now"),
        (USER, "(null)", "1", "scattered"),
        (KERNEL, "3", "0-1", "unknown"),
        (KERNEL, "0-99999999999", "0-1", "met now"),
    ],
)
def test_nodes_that_the_request_may_not_use_do_not_count(mode, mask, mems, reason):
    answer = host.why(TWO_NODES.format(mode=mode, mask=mask, mems=mems), layouts=0)
    assert answer.reason == reason


def test_a_failure_of_vmalloc_is_a_request_for_pages():
    head = "app: vmalloc error: size 4096, page order 4, failed to allocate pages, mode:"
    text = TWO_NODES.replace("app: page allocation failure: order:4, mode:", head)
    answer = host.why(text.format(mode=KERNEL, mask="1", mems="0-1"), layouts=0)
    assert (answer.request.kind, answer.reason) == ("vmalloc failure", "scattered")


def headed(head, comm="CPU: 1 PID: 7 Comm: app Not tainted 5.4.19 #1"):
    """Return the scattered report with another first line."""
    return "\n".join([head, comm, *scattered().splitlines()[2:]])


@pytest.mark.parametrize(
    ("head", "comm", "kind", "order", "reason"),
    [
        (
            "a: page allocation stalls for 10273ms, order:9, mode:0x4340ca(__GFP_MOVABLE|__GFP_IO)",
            "Comm: a Not tainted 4.12.3 #1",
            STALL,
            9,
            "scattered",
        ),
        (
            "b: vmalloc: allocation failure, allocated 4096 of 8192 bytes, mode:0x1(GFP_KERNEL)",
            "Comm: b Not tainted 4.12.3 #1",
            VMALLOC,
            0,
            "met now",
        ),
        (
            "vmap allocation for size 8392704 failed: use vmalloc=<size> to increase size",
            "",
            VMAP,
            0,
            "no addresses",
        ),
        (
            "c: vmalloc: allocation failure: 8392704 bytes, mode:0x14080c2(GFP_KERNEL)",
            "",
            VMAP,
            0,
            "no addresses",
        ),
        ("d: page allocation failure: order:4", "", FAILURE, 4, "scattered"),
    ],
)
def test_other_messages_of_the_allocator_are_read(head, comm, kind, order, reason):
    answer = host.why(headed(head, comm), layouts=0)
    assert (answer.request.kind, answer.request.order) == (kind, order)
    assert answer.reason == reason
    if kind == STALL:
        assert "The request was not refused" in answer.notes[0]
    if head.startswith("d:"):
        assert "GFP_KERNEL assumed" in answer.steps[0].sentence
    if kind == VMAP:
        assert answer.steps[0].numbers == {"bytes": 8392704}


def test_a_report_without_a_kernel_is_judged_by_the_form_of_its_flags():
    text = headed("swapper: page allocation failure. order:1, mode:0x20", "[<c0013a4>] (x+0x0)")
    answer = host.why(text, layouts=0)
    assert "rules of 3.12" in answer.steps[-1].sentence
    assert "does not name its kernel" in answer.notes[0]
    named = host.why(headed("a: page allocation failure: order:1, mode:0xcc0(GFP_KERNEL)", ""))
    assert "rules of 6.x" in named.steps[-1].sentence
    assert not any("does not name" in note for note in named.notes)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("GFP_KERNEL", "at last kills a process"),
        ("GFP_KERNEL|__GFP_NORETRY|__GFP_NOWARN", "does not retry and kills no process"),
        ("GFP_KERNEL|__GFP_RETRY_MAYFAIL", "for as long as that helps, but kills no process"),
        ("GFP_KERNEL|__GFP_NOFAIL", "until it succeeds"),
        ("GFP_NOFS", "may not use file systems"),
        ("GFP_KERNEL|GFP_DMA", "memory below Normal"),
        ("GFP_KERNEL|__GFP_THISNODE", "memory of one node only"),
    ],
)
def test_the_effort_depends_on_the_flags(flags, words):
    text = headed(f"app: page allocation failure: order:2, mode:0x1({flags})")
    assert words in host.why(text, layouts=0).steps[-1].sentence


def test_cma_failures_of_other_kernels_are_read():
    ranges = host.why(
        "cma: __cma_alloc: reserved: alloc failed, req-size: 2048 pages, ret: -12\n"
        "cma: number of available pages: range 0: 4@508+60@1000\n"
        "cma: range 1: 100@0\ncma: => 164 free of 4096 total pages\n"
    )
    assert ranges.reason == "CMA full"
    assert ranges.steps[1].numbers == {"free": 164, "area": 4096, "longest": 100}
    busy = host.why(
        "alloc_contig_range_noprof: [81000, 81100) PFNs busy\n"
        "cma: __cma_alloc: linux,cma: alloc failed, req-size: 256 pages, ret: -16\n"
    )
    assert busy.steps[-1].numbers == {"busy": 1}
    assert host.why("cma: alloc failed, ret: -16\n").reason == "CMA busy"


def test_compaction_moves_the_user_pages_of_a_recorded_zone():
    found = host.read(host.RECORDING)
    zone = found.zone("Normal")
    zone.free, zone.by_type, zone.pageblocks = [800_000, *[0] * 10], {}, {}
    found.zones = [zone]
    answer = host.why(found, order=4, layouts=2)
    assert answer.reason == "scattered"
    assert zone.counts["active_file"] > 0
    tried = {remedy.what: remedy for remedy in answer.remedies}
    assert tried["compaction"].met == 1  # where the kernel's pages are grouped


def test_zones_that_linux_does_not_have_are_named():
    text = scattered().replace("Node 0 Normal free", "Node 0 NoSplit free")
    assert any("NoSplit" in note for note in host.why(text, layouts=0).notes)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("sysrq: Show Memory\nMem-Info:\nNormal: 1*4kB 2*8kB = 20kB\n", "with --order N"),
        ("Out of memory: Killed process 7 (app) total-vm:1kB\n", "only the end of an OOM kill"),
    ],
)
def test_a_part_of_a_report_is_refused_with_what_to_do(text, hint):
    with pytest.raises(host.HostError, match=hint):
        host.why(text)


def test_flags_that_a_mail_wrapped_are_on_one_line_again():
    text = "a: page allocation failure: order:4,\n> mode:0xcc0(GFP_KERNEL|\n> __GFP_COMP)\n"
    assert "0xcc0(GFP_KERNEL|__GFP_COMP)" in host.why(text).steps[0].sentence


def test_counts_that_no_machine_has_are_not_understood():
    damaged = scattered().replace("3136*4kB", "9" * 30 + "*4kB")
    assert host.why(damaged, layouts=0).reason == "unknown"
    with pytest.raises(host.HostError, match="neither lines of"):
        host.from_text(f"Node 0, zone Normal {'9' * 30} 1 2\n")


def test_orders_that_no_kernel_has_are_too_large_or_no_report():
    assert host.why(scattered(999), layouts=0).reason == "too large"
    with pytest.raises(host.HostError, match="reports no refused request"):
        host.why("a: page allocation failure: order:99999999999999999999, mode:0xcc0\n")
