"""Recorded traces: every event read as it stands, none lost in silence, done on our allocator."""

import gzip
import io
import json
import re
import sys
import tracemalloc
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zstandard

from zbudlab import layout, traces
from zbudlab.cli import command_line as cli
from zbudlab.io.streams import TraceError
from zbudlab.jit import uncompiled
from zbudlab.machine import Machine
from zbudlab.machine.errors import ConfigError
from zbudlab.mm import page_alloc_check
from zbudlab.traces import blocks
from zbudlab.traces.detect import detect
from zbudlab.traces.figures import SAMPLES
from zbudlab.traces.kmem import NEW, NUMBERING, OLD
from zbudlab.traces.logs import LogReplay
from zbudlab.traces.pages import PageReplay
from zbudlab.traces.zone import BlockReplay

DATA = Path(__file__).parent / "data" / "traces"
PERF = DATA / "kmem.perf.txt.gz"
FRAMES = 4096


def written(folder, text, name="trace"):
    path = folder / name
    path.write_text(text)
    return path


def records(reader):
    return np.concatenate([batch.records for batch in reader])


# --- page allocator events -----------------------------------------------------------------------

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


# --- on the allocator ----------------------------------------------------------------------------


def made_up(rng, count, frames):
    """Events of a machine that we play: blocks given out, freed whole or in pieces."""
    events = np.zeros(count, layout.block_event)
    there, live = [], {}
    for event in events:
        order = int(rng.integers(0, 5))
        if there and rng.integers(2):
            start = there.pop(int(rng.integers(len(there))))
            order = live.pop(start)
            while order and rng.integers(3) == 0:  # the first half now, the other one stays
                order -= 1
                half = start + (1 << order)
                live[half] = order
                there.append(half)
            event["pfn"], event["order"] = start, order
        else:
            start = int(rng.integers(frames >> order)) << order
            taken = any(s < start + (1 << order) and start < s + (1 << o) for s, o in live.items())
            if taken:
                event["pfn"], event["order"] = frames * 2 + 1, 0  # never allocated: unknown
                continue
            live[start] = order
            there.append(start)
            event["alloc"], event["pfn"], event["order"] = 1, start, order
            event["migratetype"] = rng.integers(3)
    return events, live


@pytest.mark.parametrize("seed", range(3))
def test_what_is_in_use_there_is_in_use_here(seed):
    rng = np.random.default_rng(seed)
    events, live = made_up(rng, 3000, 1 << 13)
    zone = BlockReplay(1 << 14)
    zone.feed(events, NUMBERING[NEW])
    assert zone.counts[blocks.LIVE] == len(live)
    assert zone.counts[blocks.REFUSED] == zone.counts[blocks.TWICE] == 0
    unknown = int((events["pfn"] == (1 << 14) + 1).sum())
    assert zone.counts[blocks.UNKNOWN] == unknown > 0
    used = sum(1 << order for order in live.values())
    assert zone.finish()[-1]["free_pages"] == (1 << 14) - used
    assert page_alloc_check.first_fault(zone.state.mem)[0] == 0
    known = {int(entry["key"]) - 1: int(entry["order"]) for entry in zone.table if entry["key"] > 0}
    assert known == live


def test_the_table_of_blocks_grows():
    events = np.zeros(10000, layout.block_event)
    events["pfn"], events["alloc"] = np.arange(10000) * 3, 1
    zone = BlockReplay(1 << 14)
    zone.feed(events, NUMBERING[NEW])
    assert (zone.counts[blocks.LIVE], zone.counts[blocks.TWICE]) == (10000, 0)
    events["alloc"] = 0
    zone.feed(events, NUMBERING[NEW])
    assert zone.sample()["free_pages"] == 1 << 14
    assert not zone.table["key"].any()


def test_what_there_is_no_room_for_is_refused_and_counted():
    events = np.zeros(FRAMES + 10, layout.block_event)
    events["pfn"], events["alloc"] = np.arange(len(events)), 1
    zone = BlockReplay(FRAMES)
    zone.feed(events, NUMBERING[NEW])
    assert zone.counts[blocks.REFUSED] == 10
    events["alloc"] = 0
    zone.feed(events, NUMBERING[NEW])
    assert (zone.sample()["free_pages"], zone.counts[blocks.UNKNOWN]) == (FRAMES, 0)


def test_following_does_the_same_uncompiled():
    events, _ = made_up(np.random.default_rng(7), 300, 1 << 12)
    zones = [BlockReplay(FRAMES) for _ in range(2)]
    zones[0].feed(events, NUMBERING[NEW])
    with uncompiled(["blocks.follow", "blocks.lookup", "blocks.remove"]):
        zones[1].feed(events, NUMBERING[NEW])
    assert (zones[0].table == zones[1].table).all()
    assert (zones[0].state.pages == zones[1].state.pages).all()


def test_figures_of_the_recording_and_the_table_of_them_are_the_same():
    perf = traces.replay("kmem", PERF, frames=FRAMES)
    table = traces.replay("blocks", DATA / "blocks.parquet", frames=FRAMES)
    assert perf.counts["events"] == table.counts["events"] == 5949
    assert [{**sample, "seconds": 0} for sample in perf.samples] == [
        {**sample, "seconds": 0} for sample in table.samples
    ]
    assert perf.last["seconds"] == pytest.approx(table.last["seconds"], abs=1e-6)
    assert perf.counts["blocks in use at the end"] == 1957
    assert perf.last["free_pages"] == FRAMES - 1957
    said = str(perf)
    assert "malformed lines: 0" in said
    assert "as in Linux 4.4 and later" in said


def test_samples_stay_few_and_even():
    figures = traces.replay("kmem", PERF, frames=FRAMES, every=8)
    places = [sample["event"] for sample in figures.samples]
    assert len(places) <= SAMPLES + 1
    assert len(set(np.diff(places[:-1]))) == 1
    assert places[-1] == 5949


# --- streams -------------------------------------------------------------------------------------


def test_gzip_zstd_plain_and_standard_input_are_the_same(tmp_path, monkeypatch):
    plain = gzip.decompress(PERF.read_bytes())
    wanted = records(traces.BlockEvents(PERF))
    for packed in (
        plain,
        zstandard.compress(plain),
        gzip.compress(plain[:999]) + gzip.compress(plain[999:]),
    ):
        path = tmp_path / "trace"
        path.write_bytes(packed)
        assert (records(traces.BlockEvents(path)) == wanted).all()
        stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(packed)))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert (records(traces.BlockEvents("-")) == wanted).all()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_file_cut_off_is_told(tmp_path, pack):
    (tmp_path / "trace").write_bytes(pack(gzip.decompress(PERF.read_bytes()))[:-2000])
    with pytest.raises(TraceError, match="trace, line 1: cut off or damaged"):
        traces.replay("kmem", tmp_path / "trace")


def test_memory_stays_bounded_however_long_the_trace(tmp_path):
    """100 MB of text, 0.7 million events."""
    plain = gzip.decompress(PERF.read_bytes())
    with zstandard.open(tmp_path / "long.zst", "wb") as file:
        for _ in range(120):
            file.write(plain)
    records(traces.BlockEvents(PERF))  # compile
    tracemalloc.start()
    figures = traces.replay("kmem", tmp_path / "long.zst", frames=FRAMES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert figures.counts["events"] == 120 * 5949
    assert 120 * len(plain) > 90e6
    assert peak < 32e6


def test_what_is_no_trace_is_refused(tmp_path):
    path = written(tmp_path, "hello\nworld\n")
    with pytest.raises(TraceError, match="no block allocated or freed in it; line 1: 'hello'"):
        traces.replay("kmem", path)
    with pytest.raises(TraceError, match="no use of a page in it"):
        traces.replay("lackey", path)
    with pytest.raises(TraceError, match="cannot tell what kind"):
        detect(path)
    (tmp_path / "zeros").write_bytes(bytes(20 << 20))
    with pytest.raises(TraceError, match="no end of line within 16777216 bytes"):
        traces.replay("kmem", tmp_path / "zeros")
    with pytest.raises(ConfigError, match="frames must be 2048 to"):
        traces.replay("kmem", PERF, frames=100)
    with pytest.raises(ConfigError, match="compressor would do nothing"):
        traces.replay("kmem", PERF, compressor="lz4")
    with pytest.raises(TraceError, match="unknown kind of trace 'x'; there are kmem"):
        traces.replay("x", PERF)


# --- lackey --------------------------------------------------------------------------------------


def references(text):
    """(page, written) of each line of lackey, by hand."""
    for line in text.splitlines():
        found = re.fullmatch(r"(I | L| S| M) ([0-9a-f]+),(\d+)", line)
        if found:
            address, size = int(found[2], 16), int(found[3])
            for page in range(address >> 12, ((address + size - 1) >> 12) + 1):
                yield page, found[1] in (" S", " M")


def lru_faults(uses, room):
    """Faults, and pages written back, of memory that keeps the pages used last."""
    memory, faults, writes = OrderedDict(), 0, 0
    for page, write in uses:
        faults += page not in memory
        memory[page] = memory.pop(page, False) or write
        if len(memory) > room:
            writes += memory.popitem(last=False)[1]
    return faults, writes + sum(memory.values())


def test_leaving_out_repeated_uses_changes_no_fault_of_lru_memory():
    path = DATA / "lackey.txt.gz"
    every = list(references(gzip.decompress(path.read_bytes()).decode()))
    reader = traces.PageUses(path)
    reduced = [(int(page), bool(write)) for page, write in records(reader).tolist()]
    assert (reader.references, reader.malformed.count) == (70713, 0)
    assert len(reduced) < len(every) / 20
    assert {page for page, _ in reduced} == {page for page, _ in every}
    for room in (16, 17, 40, 100, 1000):
        assert lru_faults(reduced, room) == lru_faults(every, room)


def lackey_lines(uses):
    return "".join(f" {'S' if write else 'L'} {page << 12:x},1\n" for page, write in uses)


@pytest.mark.parametrize("seed", range(20))
def test_a_reduction_is_a_part_of_the_uses_with_the_same_faults(tmp_path, seed):
    rng = np.random.default_rng(seed)
    kept, pages = int(rng.integers(1, 9)), int(rng.integers(2, 24))
    near = np.minimum(rng.geometric(0.2, 4000), pages)
    chosen = np.where(rng.random(4000) < rng.random(), near, rng.integers(0, pages, 4000))
    every = list(zip(chosen.tolist(), (rng.random(4000) < 0.2).tolist(), strict=True))
    path = written(tmp_path, lackey_lines(every))
    reduced = [(int(p), bool(w)) for p, w in records(traces.PageUses(path, kept=kept)).tolist()]
    left = iter(page for page, _ in every)
    assert all(page in left for page, _ in reduced)  # each is found behind the one before
    for room in (kept, kept + 1, kept + 3, 2 * kept, 40):
        assert lru_faults(reduced, room) == lru_faults(every, room)
    pieces = records(traces.PageUses(path, kept=kept, block=100)).tolist()
    assert [(int(p), bool(w)) for p, w in pieces] == reduced


def test_a_loop_over_code_among_random_loads_is_not_enlarged(tmp_path):
    loads = np.random.default_rng(1).integers(0, 4096, 30000).tolist()
    lines = (
        f"I  {1 << 32 | i * 4 % 50000:x},4\n L {page << 12:x},4\n" for i, page in enumerate(loads)
    )
    reader = traces.PageUses(written(tmp_path, "".join(lines)))
    assert len(records(reader)) <= reader.references + reader.references // 1000


def test_lines_of_lackey_in_detail(tmp_path):
    text = (
        "==1== Lackey\nI  00001000,4\n L 00001ffe,4\n S 00001000,8\n M 00003000,4\n"
        " L 00003000,4\nX  1000,4\n L 1000\n L 00001000,5000\n"
    )
    reader = traces.PageUses(written(tmp_path, text))
    assert records(reader).tolist() == [(1, 0), (2, 0), (1, 1), (3, 1)]
    assert [number for number, _ in reader.malformed.named] == [7, 8, 9]


# --- pages on a machine --------------------------------------------------------------------------


def test_pages_of_a_trace_are_used_as_by_hand():
    rng = np.random.default_rng(3)
    pages, writes = rng.integers(0, 600, 2000), rng.integers(0, 2, 2000)
    replay = PageReplay(frames=256, every=100)
    for part in np.split(np.arange(2000), [1, 700]):
        replay.use(5, pages[part], writes[part])
    machine = Machine(frames=256, page_bytes=False, log=False)
    process = machine.create_process(1 << 14)
    numbers = {}
    lengths = replay.content.for_machine(machine, np.arange(600))
    before = set()
    for page, write in zip(pages.tolist(), writes.tolist(), strict=True):
        number = numbers.setdefault(page, len(numbers))
        if write and number not in before:
            before.add(number)
            machine.write(process, number, [lengths[number]])
        else:
            machine.touch(process, [number], write=bool(write))
    assert replay.machine.digest() == machine.digest()
    last = replay.finish()[-1]
    assert last["pgmajfault"] == machine.paging.events["pgmajfault"] > 100
    replay.machine.check()


PAGES_CSV = """\
time,process,page,write,length
0.5,1,0x64,1,2000
0.6,1,101,0,
0.7,2,5,true,100
0.8,2,x,1,100
bad line
0.9,1,100,0,-1
1.0,2,-1,,
1.5,2,-7,0,-1
1.6,2,6,1,100
"""


def test_a_table_of_pages_with_bad_rows(tmp_path):
    figures = traces.replay("pages", written(tmp_path, PAGES_CSV, "pages.csv"), frames=64)
    assert figures.counts == {"uses of pages": 5, "pages": 4, "processes that ended": 1}
    assert figures.last["seconds"] == pytest.approx(1.1)
    assert figures.malformed.count == 3
    assert sorted(number for number, _ in figures.malformed.named) == [5, 6, 9]


def table_of(folder, text, columns=traces.BLOCK_COLUMNS, **more):
    """What a table holds, by column, and its malformed lines."""
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = traces.Table(path, columns, **more)
    batches = list(table)
    whole = {name: np.concatenate([b[name] for b in batches]).tolist() for name in batches[0]}
    return whole, table.malformed


def test_a_quote_that_is_not_closed_takes_one_line(tmp_path):
    rows = "".join(f"alloc,{n},task\n" for n in range(20000))
    text = 'event,pfn,comm\nfree,1,"x\n' + rows + '\nfree,2,"a\nb"\nfree,3,"y"\n'
    for block in (1 << 22, 1000):
        found, malformed = table_of(tmp_path, text, block=block)
        assert found["pfn"] == [*range(20000), 3]
        assert malformed.named == [
            (2, 'free,1,"x (a quote is not closed)'),
            (20004, 'free,2,"a (a quote is not closed)'),
            (20005, 'b" (1 columns, not 3)'),
        ]


QUOTED = '"pfn","event","comm"\n"1","free","a ""b"" c, d"\n2,alloc,a"b\n"3","",""\n4,free,""""\n'


def test_quoted_values_are_read_as_they_stand(tmp_path):
    found, malformed = table_of(tmp_path, QUOTED)
    assert (found["pfn"], found["event"]) == ([1, 2, 4], [0, 1, 0])
    assert malformed.lines() == ["""line 4: '"3","",""'"""]
    found, malformed = table_of(tmp_path, 'page\n1\n"2\n3\n4,5\n', traces.PAGE_COLUMNS)
    assert (found["page"], malformed.count) == ([1, 3], 2)


def test_a_row_that_cannot_be_read_is_malformed_and_the_others_are_read(tmp_path):
    text = b"event,pfn,other\nalloc,1,7\nalloc,+5,7\nalloc,\xff2,7\nfree,3,\xff\nfree,4,hello\n"
    found, malformed = table_of(tmp_path, text, block=20)
    assert found["pfn"] == [1, 3, 4]
    assert malformed.lines() == ["line 3: 'alloc,+5,7'", "line 4: 'alloc,\ufffd2,7'"]


@pytest.mark.parametrize(
    "row",
    ["5,1,0,0,1", "-1,1,0,0,1", "0,4503599627370497,0,0,1", "0,1,32,0,1", "0,1,0,99,1",
     "0,1,0,0,1e99", "0,1,0,0,99999999999", "0,1.5,0,0,1", "0,,0,0,1"],
)  # fmt: skip
def test_blocks_that_cannot_be_are_malformed(tmp_path, row):
    text = f"event,pfn,order,migratetype,time\n1,1,1,1,0.5\n{row}\n"
    found, malformed = table_of(tmp_path, text)
    assert found == {"event": [1], "pfn": [1], "order": [1], "migratetype": [1], "time": [0.5]}
    assert malformed.named == [(3, row)]


@pytest.mark.parametrize("row", ["1,5,100", "1,1,4294967396", "1,-1,100", "-2,0,1", "1.5,0,1"])
def test_uses_of_pages_that_cannot_be_are_malformed(tmp_path, row):
    found, malformed = table_of(tmp_path, f"page,write,length\n{row}\n", traces.PAGE_COLUMNS)
    assert (found["page"], malformed.named) == ([], [(2, row)])


def test_fractions_in_a_parquet_file_are_no_pages(tmp_path):
    rows = pd.DataFrame({"page": [1.0, 1.5, None, 3.0, 1e300], "write": [True] * 5})
    rows.to_parquet(tmp_path / "pages.parquet")
    table = traces.Table(tmp_path / "pages.parquet", traces.PAGE_COLUMNS)
    assert [batch["page"].tolist() for batch in table] == [[1, 3]]
    assert [number for number, _ in table.malformed.named] == [3, 4, 6]


def test_lengths_of_a_table_are_what_zswap_stores(tmp_path):
    rows = pd.DataFrame({"page": range(300), "write": True, "length": 1234})
    rows.to_parquet(tmp_path / "pages.parquet")
    replay = traces.replay("pages", tmp_path / "pages.parquet", frames=256, max_pool_percent=50)
    rows.to_csv(tmp_path / "pages.csv", index=False)
    other = traces.replay("pages", tmp_path / "pages.csv", frames=256, max_pool_percent=50)
    assert replay.samples == other.samples
    stored, pool = (replay.last[name] for name in ("stored_pages", "pool_pages"))
    assert stored > 30
    assert pool == -(-stored // 2)  # two of 1234 bytes to a page


def test_a_recorded_program_as_text_and_as_a_table():
    text = traces.replay("lackey", DATA / "lackey.txt.gz", frames=64)
    table = traces.replay("pages", DATA / "pages.csv", frames=64)
    assert text.samples == table.samples
    assert text.last["pgmajfault"] > 100


def test_full_memory_and_swap_refuse_and_are_counted(tmp_path):
    rows = pd.DataFrame({"page": range(400), "write": 1})
    rows.to_csv(tmp_path / "pages.csv", index=False)
    settings = {"frames": 64, "swap_pages": 100, "zswap": False}
    figures = traces.replay("pages", tmp_path / "pages.csv", **settings)
    assert 400 - 64 - 100 <= figures.last["refused"] < 400 - 100


def test_a_table_without_the_columns_is_refused(tmp_path):
    path = written(tmp_path, "pfn,when\n1,2\n", "t.csv")
    with pytest.raises(TraceError, match="no column 'event', only pfn, when"):
        traces.replay("blocks", path)
    with pytest.raises(TraceError, match=r"t\.csv: .*no column 'page'"):
        traces.replay("pages", path)
    with pytest.raises(TraceError, match=r"t\.csv: there are 2 columns 'page'"):
        traces.replay("pages", written(tmp_path, "page,page\n1,2\n", "t.csv"))
    for empty in ("", "\n\n"):
        with pytest.raises(TraceError, match=r"t\.csv: there is no line of names"):
            traces.replay("pages", written(tmp_path, empty, "t.csv"))


# --- the command ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("kmem.perf.txt.gz", "kmem"),
        ("kmem.trace-cmd.txt.zst", "kmem"),
        ("lackey.txt.gz", "lackey"),
        ("pages.csv", "pages"),
        ("blocks.parquet", "blocks"),
    ],
)
def test_the_command_tells_the_kind_and_writes_the_figures(tmp_path, capsys, name, kind):
    out = tmp_path / "out.json"
    words = ["replay", "auto", str(DATA / name), "--frames", "4096", "--json", str(out)]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.startswith(f"{kind} trace ")
    made = json.loads(out.read_text())
    assert (made["kind"], made["frames"]) == (kind, 4096)
    assert made["samples"][-1]["free_pages"] < 4096


def test_a_machines_own_log_is_told_too(tmp_path, capsys):
    machine = Machine(frames=64)
    shell = machine.create_process(30)
    for page in range(30):
        machine.touch(shell, [page])
    path, out = str(tmp_path / "log.npz"), tmp_path / "out.json"
    machine.save_log(path)
    assert cli.main(["replay", "auto", path]) == 0
    said = capsys.readouterr().out
    assert said.startswith("31 operations, 0 differences; SHA-256")
    assert cli.main(["replay", "machine", path, "--every", "10", "--json", str(out)]) == 0
    shown = capsys.readouterr().out
    assert shown.endswith(said)
    samples = json.loads(out.read_text())["samples"]
    assert [sample["event"] for sample in samples] == [10, 20, 30, 31]
    assert [sample["free_pages"] for sample in samples] == [55, 45, 35, 34]
    assert cli.main(["replay", "machine", path, "--frames", "64"]) == 2


def test_the_end_of_a_log_is_its_last_sample_however_full_the_samples_are(tmp_path):
    machine = Machine(frames=256)
    shell = machine.create_process(128)
    for page in range(128):
        machine.touch(shell, [page])
    machine.save_log(tmp_path / "log.npz")
    log = LogReplay(tmp_path / "log.npz", every=2)
    log.run()
    assert log.figures().last["event"] == 129


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["radix", str(PERF), "--frames", "64"], "--frames is for recorded traces; radix"),
        (["kmem", str(PERF), "--expect", str(PERF)], "leave --expect out"),
        (["kmem", str(PERF), "--zbud", "plain"], "zbud would do nothing"),
        (["kmem", str(PERF), "--content", "text"], "content would do nothing"),
        (["kmem", str(PERF), "--every", "0"], "every must be 1 event or more, not 0"),
        (["pages", str(DATA / "pages.csv"), "--every", "-5"], "1 event or more, not -5"),
        (["lackey", str(DATA / "lackey.txt.gz"), "--zbud", "red"], "zbud must be one of plain"),
        (["lackey", str(DATA / "lackey.txt.gz"), "--content", "red"], "unknown content 'red'"),
        (["auto", "-"], "standard input cannot be looked at twice"),
        (["kmem", str(PERF), "--json", "no/out"], "cannot write no/out"),
    ],
)
def test_options_that_would_do_nothing_are_refused(capsys, words, why):
    assert cli.main(["replay", *words]) == 2
    assert why in capsys.readouterr().err
