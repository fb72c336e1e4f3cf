"""The page allocator's events in text: each read as it is written, none lost unnoticed.

Also tests `traces/event_lines.py`, `traces/scan.py` and `traces/systrace.py`.
"""

import gzip
import re

import numpy as np
import pytest

from tests.traces.samples import DATA, FRAMES, PERF, records, written
from zbudlab import layout, traces
from zbudlab.jit import uncompiled
from zbudlab.traces.detect import detect
from zbudlab.traces.kmem import NEW, NUMBERING, OLD
from zbudlab.traces.zone import BlockReplay

LINE = re.compile(
    r"([\d.]+): +(?:kmem:)?mm_page_(alloc|free): .*pfn=(\w+) order=(\d+)(?: migratetype=(\d+))?"
)


def by_regular_expression(text):
    found = [LINE.search(line).groups() for line in text.splitlines() if "mm_page" in line]
    return [
        (round(float(t) * 1e9), int(pfn, 0), int(order), int(kind or 0), int(name == "alloc"))
        for t, name, pfn, order, kind in found
    ]


def test_every_recorded_event_is_read_as_it_stands():
    text = gzip.decompress(PERF.read_bytes()).decode()
    reader = traces.BlockEvents(PERF)
    found = records(reader)
    assert (len(found), reader.lines) == (5949, 5949)
    assert (reader.other, reader.lost, reader.malformed.count) == (0, 0, 0)
    wanted = by_regular_expression(text)
    assert found[["pfn", "order", "migratetype", "alloc"]].tolist() == [e[1:] for e in wanted]
    assert np.abs(found["time"] - [event[0] for event in wanted]).max() < 1000


def test_trace_cmd_text_says_the_same_as_perf_script():
    short = records(traces.BlockEvents(DATA / "kmem.trace-cmd.txt.zst"))
    assert len(short) == 1500
    assert (short == records(traces.BlockEvents(PERF))[:1500]).all()


def test_the_size_of_the_blocks_read_changes_nothing():
    whole, pieces = traces.BlockEvents(PERF), traces.BlockEvents(PERF, block=1000)
    assert (records(whole) == records(pieces)).all()
    assert whole.lines == pieces.lines


ODD = """\
cpus=2
# tracer: nop

 a-1 [000] 1.000001: mm_page_alloc:  page=0x1 pfn=0x10 order=1 migratetype=1 gfp_flags=GFP_KERNEL
 a-1 [000] 1.000002: mm_page_alloc_zone_locked: page=0x1 pfn=0x10 order=0 migratetype=1
 a-1 [000] 1.000003: mm_page_free_batched: page=0x1 pfn=0x10 order=0 cold=0
 a-1 [000] 1.000004: mm_page_free:  page=0x1 pfn=16 order=1
CPU:1 [LOST 123 EVENTS]
 a-1 [000] 1.000005: mm_page_free:  page=0x1 pfn=0xzz order=1
 a-1 [000] 1.000006: mm_page_alloc: page=(nil) pfn=0 order=3 migratetype=0 gfp_flags=0
 a-1 [000] 1.000007: mm_page_alloc: page=0x1 pfn=0x20 migratetype=0
free 3
"""


def test_odd_lines_are_told_apart_and_malformed_ones_named(tmp_path):
    reader = traces.BlockEvents(written(tmp_path, ODD))
    found = records(reader)
    assert found["pfn"].tolist() == [16, 16, layout.NO_FRAME]
    assert (reader.other, reader.lost) == (2, 123)
    assert reader.malformed.count == 3
    assert [number for number, _ in reader.malformed.named] == [9, 11, 12]
    assert reader.malformed.lines()[-1] == "line 12: 'free 3'"


IMPOSSIBLE = """\
 a-1 [000] abc: mm_page_free: page=0x1 pfn=16 order=1
 a-1 [000] abc: kmem:mm_page_free: page=0x1 pfn=16 order=1
 a-1 [000] 99999999999.000001: mm_page_free: page=0x1 pfn=16 order=1
 a-1 [000] 1.000001: mm_page_alloc: pfn=0x99999999999999999999 order=1 migratetype=1
 a-1 [000] 1.000001: mm_page_alloc: pfn=99 order=32 migratetype=1
"""


UNUSUAL = """\
kmem:mm_page_free: page=0x1 pfn=16 order=1
 a b:1 [000] 1.000001: mm_page_alloc: pfn=0xffffffffffffffff order=1 migratetype=1
 a b:1 [000] 1.000001: mm_page_alloc: pfn=18446744073709551615 order=1 migratetype=1
"""


def test_values_of_events_that_cannot_be_are_malformed(tmp_path):
    reader = traces.BlockEvents(written(tmp_path, IMPOSSIBLE))
    assert len(records(reader)) == 0
    assert [number for number, _ in reader.malformed.named] == [1, 2, 3, 4, 5]


def test_events_without_a_time_and_refused_with_all_bits_set_are_events(tmp_path):
    reader = traces.BlockEvents(written(tmp_path, UNUSUAL))
    found = records(reader)
    assert found["time"].tolist() == [-1, 1000001000, 1000001000]
    assert found["pfn"].tolist() == [16, layout.NO_FRAME, layout.NO_FRAME]
    assert reader.malformed.count == 0


@pytest.mark.parametrize(("number", "numbering"), [(1, NEW), (2, OLD)])
def test_the_kernels_numbers_of_types_are_known_by_a_movable_request(tmp_path, number, numbering):
    line = "1.0: mm_page_alloc: pfn=1 order=0 migratetype={} gfp_flags={}\n"
    text = line.format(0, "GFP_KERNEL") + line.format(number, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO")
    reader = traces.BlockEvents(written(tmp_path, text))
    events = records(reader)
    assert reader.numbering == numbering
    zone = BlockReplay(FRAMES)
    zone.feed(events, NUMBERING[reader.numbering])
    types = zone.state.pages["migratetype"][zone.table["frame"][zone.table["key"] > 0]]
    assert types.tolist() == [layout.MIGRATE_MOVABLE]


def test_scanners_do_the_same_uncompiled(tmp_path):
    path = written(tmp_path, ODD)
    compiled = records(traces.BlockEvents(path))
    lackey = written(tmp_path, "I  00401ff0,20\n L 10,8\n S zz,1\n", "lackey")
    uses = records(traces.PageUses(lackey))
    with uncompiled(["scan.line_end", "scan.digit", "reduction.use_page"]):
        assert (records(traces.BlockEvents(path)) == compiled).all()
        assert (records(traces.PageUses(lackey)) == uses).all()


# --- forms of other kernels and recorders ---------------------------------------------------------

OLD_NAMES = """\
# tracer: nop
  app-1567  [000]  4415.246506: mm_page_alloc: page=ffffea0003db9f40 pfn=1155800 order=0 \
migratetype=0 gfp_flags=GFP_KERNEL
  app-1567  [000]  4415.246507: mm_page_alloc: page=ffffea0003db9f80 pfn=1155801 order=0 \
migratetype=0 gfp_flags=GFP_KERNEL
  app-1567  [000]  4415.255557: mm_page_free_direct: page=ffffea0003db9f40 pfn=1155800 order=0
  app-1567  [000]  4415.255558: mm_pagevec_free: page=ffffea0003db9f80 pfn=1155801 order=0 cold=0
"""
REFUSED_32 = """\
app-1 [000] 31.5: mm_page_alloc: page=(nil) pfn=4294967295 order=4 migratetype=0 gfp_flags=0
app-1 [000] 31.6: mm_page_alloc: page=(nil) pfn=0xffffffff order=4 migratetype=0 gfp_flags=0
"""
CHAINS = """\
app 16810 [004]  2319.000857:  kmem:mm_page_alloc: page=0x1347a7 pfn=0x1347a7 order=0 migratetype=1
\tffffffffbe23e32e __alloc_pages_nodemask+0x22e ([kernel.kallsyms])
\t    7efdf7f7d3e8 __poll+0x18 (/usr/lib64/libc-2.28.so)
\t    5651468729c1 [unknown] (/usr/bin/app)

app-16810 [004]  2319.000858: mm_page_free: page=0x1347a7 pfn=0x1347a7 order=0
 => free_unref_page
 => __put_page (ffffffffbe23e111)
"""
DROPPED = """\
version = 6
cpus=8
CPU:7 [204600 EVENTS DROPPED]
 <...>-3979  [007]   217.975284: mm_page_alloc: page=0x1 pfn=0x1347a7 order=0 migratetype=1
CPU:3 [EVENTS DROPPED]
 <...>-3979  [007]   217.975294: mm_page_free:  page=0x1 pfn=0x1347a7 order=0
"""
COUNTERS = """\
 <...>-1234  [000] .....  123456789012: mm_page_alloc: page=0x1 pfn=0x1347a7 order=0 migratetype=1
 <...>-1234  [000] .....  123456789999: mm_page_free: page=0x1 pfn=0x1347a7 order=0
 <...>-1234  [000] .....  123456789999: sched_switch: prev_comm=app
"""
FTRACE_DUMP = """\
[   12.345678] Dumping ftrace buffer:
[   12.345679] ---------------------------------
[   12.345680]   app-1567    0d..2 4415246506us : mm_page_alloc: page=x pfn=7 order=0 migratetype=1
[   12.345681]   app-1567    0d..2 4415246507us : mm_page_free: page=x pfn=7 order=0
[   12.345682] ---------------------------------
"""
PERF_TRACE = """\
     0.000 app/16810 kmem:mm_page_alloc(page: 0xffffea00, pfn: 7, order: 2, migratetype: 1, \
gfp_flags: GFP_KERNEL)
     0.061 app/16810 kmem:mm_page_free(page: 0xffffea00, pfn: 7, order: 2)
     1.5   app/16810 kmem:mm_page_alloc(page: 0xffffea00, pfn: 9)
"""
SYSTRACE = f"""\
<!DOCTYPE html>
<html><head>
<script>var x = 1.5: {{}}; mm_page_alloc: pfn=1 order=0 migratetype=0</script>
</head><body>
  <script class="trace-data" type="application/text">
{OLD_NAMES}  </script>
<script>more()</script>
</body></html>
"""


def read_text(folder, text, block=1 << 20):
    reader = traces.BlockEvents(written(folder, text), block=block)
    return reader, records(reader)


def test_frees_have_their_old_names(tmp_path):
    reader, found = read_text(tmp_path, OLD_NAMES)
    assert found[["pfn", "alloc"]].tolist() == [
        (1155800, 1), (1155801, 1), (1155800, 0), (1155801, 0)
    ]  # fmt: skip
    assert (reader.other, reader.malformed.count) == (0, 0)


def test_a_32_bit_kernel_refuses_with_32_bits_set(tmp_path):
    _, found = read_text(tmp_path, REFUSED_32)
    assert found["pfn"].tolist() == [layout.NO_FRAME, layout.NO_FRAME]


def test_call_chains_are_passed_over_and_counted(tmp_path):
    reader, found = read_text(tmp_path, CHAINS)
    assert found["alloc"].tolist() == [1, 0]
    assert (reader.stack, reader.malformed.count) == (5, 0)


def test_dropped_events_are_lost_events(tmp_path):
    reader, found = read_text(tmp_path, DROPPED)
    assert len(found) == 2
    assert (reader.lost, reader.losses, reader.malformed.count) == (204600, 1, 0)
    notes = traces.replay("kmem", reader.path, frames=FRAMES).notes
    assert "more events were lost: the recorder says so once without a number" in notes


def test_clocks_of_whole_numbers_give_no_time(tmp_path):
    reader, found = read_text(tmp_path, COUNTERS)
    assert found[["time", "alloc"]].tolist() == [(-1, 1), (-1, 0)]
    assert (reader.other, reader.malformed.count) == (1, 0)


def test_a_buffer_dumped_into_the_kernel_log_is_read(tmp_path):
    reader, found = read_text(tmp_path, FTRACE_DUMP)
    assert found[["time", "alloc"]].tolist() == [(4415246506000, 1), (4415246507000, 0)]
    assert reader.malformed.count == 0


def test_the_form_of_perf_trace_leaves_out_zeros(tmp_path):
    reader, found = read_text(tmp_path, PERF_TRACE)
    assert found.tolist() == [
        (0, 7, 2, 1, 1), (61000, 7, 2, 0, 0), (1500000, 9, 0, 0, 1)
    ]  # fmt: skip
    assert reader.malformed.count == 0


@pytest.mark.parametrize("block", [1 << 20, 100])
def test_a_trace_in_a_page_of_systrace_is_read(tmp_path, block):
    reader, found = read_text(tmp_path, SYSTRACE, block)
    assert found["pfn"].tolist() == [1155800, 1155801, 1155800, 1155801]
    assert (reader.other, reader.malformed.count) == (0, 0)
    assert detect(written(tmp_path, SYSTRACE)) == "kmem"


def test_steals_of_pageblocks_are_counted_and_shown(tmp_path):
    steal = " app-1 [000] 1.5: mm_page_alloc_extfrag: page=x pfn=7 alloc_order=0 fallback_order=9\n"
    reader, found = read_text(tmp_path, OLD_NAMES + steal * 3)
    assert (len(found), reader.steals, reader.other) == (4, 3, 0)
    figures = traces.replay("kmem", reader.path, frames=FRAMES)
    assert figures.counts["pageblocks' types overridden (extfrag)"] == 3


def test_lines_may_end_as_on_windows(tmp_path):
    for text in (OLD_NAMES, CHAINS, DROPPED, COUNTERS, PERF_TRACE):
        _, plain = read_text(tmp_path, text)
        reader, found = read_text(tmp_path, text.replace("\n", "\r\n"))
        assert (found == plain).all()
        assert reader.malformed.count == 0


def test_a_trace_without_frees_says_so(tmp_path):
    line = " app-1 [000] 1.5: mm_page_alloc: page=x pfn={} order=0 migratetype=1\n"
    path = written(tmp_path, "".join(line.format(pfn) for pfn in range(1, 2501)))
    figures = traces.replay("kmem", path, frames=2048)
    assert figures.counts["refused"] == 452
    assert figures.notes[:2] == [
        "no block is freed in this trace: was mm_page_free recorded?",
        "452 of 2500 allocations that the traced machine met were refused here: use more --frames",
    ]


OLD_PERF_TRACE = """\
     0.000 kmem:mm_page_alloc:page=0xffffea0000 pfn=153 order=0 migratetype=0 gfp_flags=GFP_KERNEL)
     2.500 kmem:mm_page_free:page=0xffffea0000 pfn=153 order=0)
"""
UNNAMED = """\
bash  12 [001] 100.123456: kmem:mm_page_alloc: page=0x1 pfn=0x12 order=0 migratetype=1 gfp_flags=0
                       0 [unknown] ([unknown])

bash  12 [001] 100.123466: kmem:mm_page_free: page=0x1 pfn=0x12 order=0
                      fe [unknown] (/usr/bin/app)
"""


def test_the_older_form_of_perf_trace_has_times(tmp_path):
    found = records(traces.BlockEvents(written(tmp_path, OLD_PERF_TRACE)))
    assert found["time"].tolist() == [0, 2_500_000]


def test_short_addresses_of_unknown_functions_are_of_call_chains(tmp_path):
    reader = traces.BlockEvents(written(tmp_path, UNNAMED))
    assert len(records(reader)) == 2
    assert (reader.stack, reader.malformed.count) == (2, 0)


def test_no_time_goes_backwards_where_only_some_events_have_one(tmp_path):
    text = OLD_PERF_TRACE.replace("     2.500 ", "")
    figures = traces.replay("kmem", written(tmp_path, text), frames=FRAMES)
    assert figures.last["seconds"] == 0


MARKED = FTRACE_DUMP.replace("4415246507us :", "4415246507us!:") + (
    "[   12.345682] CPU:0 [LOST 5 EVENTS]\n"
)


@pytest.mark.parametrize("before", ["", "Jan 10 12:00:00 host kernel: "])
def test_a_dump_has_marks_of_long_delays_and_the_prefix_of_a_log(tmp_path, before):
    text = "".join(f"{before}{line}\n" for line in MARKED.splitlines())
    reader, found = read_text(tmp_path, text)
    assert found[["time", "alloc"]].tolist() == [(4415246506000, 1), (4415246507000, 0)]
    assert (reader.lost, reader.other, reader.malformed.count) == (5, 0, 0)


LOST_IN_PERF = """\
Processed 123 events and lost 3 chunks!

Check IO/CPU overload!

 app 0 [000]  1234.5: kmem:mm_page_alloc: page=0x1 pfn=0x48d0 order=0 migratetype=1
 app 0 [000]  1234.9: PERF_RECORD_LOST lost 128
 app 0 [000]  1234.9: PERF_RECORD_LOST_SAMPLES lost 12
 app 0 [000]  1235.0: net: is lost 7 times
 app 0 [000]  1235.0: kmem:mm_page_free: page=0x1 pfn=0x48d0 order=0
"""


def test_what_perf_lost_is_counted_and_other_events_with_that_word_are_not(tmp_path):
    reader, found = read_text(tmp_path, LOST_IN_PERF)
    assert len(found) == 2
    assert (reader.lost, reader.losses) == (140, 1)
    assert (reader.other, reader.malformed.count) == (1, 0)


def test_lines_of_sources_in_call_chains_are_passed_over(tmp_path):
    text = CHAINS + "\tffffffff81 get_page+0x1 (vmlinux)\n  page_alloc.c:4120\n  a.c:1  \r\n"
    reader, found = read_text(tmp_path, text)
    assert (len(found), reader.stack, reader.malformed.count) == (2, 8, 0)


@pytest.mark.parametrize("block", [1 << 20, 100])
def test_a_page_of_systrace_before_2014_is_read(tmp_path, block):
    lines = OLD_NAMES.replace("\n", "\\n\\\n")
    page = f'<!DOCTYPE HTML>\n<script>\n  var linuxPerfData = "\\\n{lines}";\n  more()\n</script>\n'
    reader, found = read_text(tmp_path, page, block)
    assert found["pfn"].tolist() == [1155800, 1155801, 1155800, 1155801]
    assert (reader.other, reader.malformed.count) == (0, 0)
    assert detect(written(tmp_path, page)) == "kmem"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_text_of_windows_is_read(tmp_path, encoding):
    path = tmp_path / "trace"
    path.write_bytes(f"# tracer: nop\n{CHAINS}".encode(encoding))
    reader = traces.BlockEvents(path)
    assert len(records(reader)) == 2
    assert reader.malformed.count == 0
    assert detect(path) == "kmem"


def test_a_trace_without_allocations_says_so(tmp_path):
    path = written(tmp_path, OLD_NAMES.splitlines()[-1] + "\n")
    notes = traces.replay("kmem", path, frames=FRAMES).notes
    assert "no block is allocated in this trace: was mm_page_alloc recorded?" in notes
