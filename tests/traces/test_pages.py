"""Pages of a trace used on a machine."""

import numpy as np
import pandas as pd
import pytest

from tests.traces.samples import DATA, written
from zbudlab import traces
from zbudlab.machine import Machine
from zbudlab.traces.pages import PageReplay


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
