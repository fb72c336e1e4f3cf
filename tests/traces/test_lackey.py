"""Memory references reduced to uses of pages; also the tests of `traces/reduction.py`.

Also tests `traces/use_lines.py`.
"""

import gzip
import re
from collections import OrderedDict

import numpy as np
import pytest

from tests.traces.samples import DATA, records, written
from zbudlab import traces
from zbudlab.traces.detect import detect
from zbudlab.traces.use_lines import PLAIN


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


def test_lackey_with_line_ends_of_windows(tmp_path):
    text = "==12== Lackey\r\nI  04001000,3\r\n L 1ffefff8,8\r\n S 1fff0000,4\r\n"
    (tmp_path / "uses").write_bytes(text.encode())
    assert detect(tmp_path / "uses") == "lackey"
    reader = traces.PageUses(tmp_path / "uses")
    assert len(records(reader)) == 3
    assert (reader.references, reader.malformed.count) == (3, 0)


@pytest.mark.parametrize(
    "line",
    ["{:08x} {}", "0x{:X} {}", "{1} 0x{0:x}", "{1} {0:x}", "{:x}\t{}", "  {:x}, {}"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_addresses_with_r_or_w_as_courses_have_them(tmp_path, line, end):
    text = "".join(line.format(a, rw) + end for a, rw in ((0x41F7A0, "R"), (0x13F5E2C0, "W")))
    (tmp_path / "uses").write_bytes(text.encode() + b"# a remark\nnonsense\n")
    assert detect(tmp_path / "uses") == "addresses"
    reader = traces.PageUses(tmp_path / "uses", form=PLAIN)
    assert records(reader).tolist() == [(0x41F, 0), (0x13F5E, 1)]
    assert (reader.references, reader.malformed.count) == (2, 1)
    figures = traces.replay("addresses", tmp_path / "uses", frames=64)
    assert (figures.kind, figures.counts["references"]) == ("addresses", 2)
