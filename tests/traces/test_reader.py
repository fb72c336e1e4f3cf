"""Traces as streams: compressed, from a pipe, cut off, or of any length.

Also tests `io/streams.py`, `traces/csvlines.py` and `traces/times.py`.
"""

import gzip
import io
import sys
import tracemalloc

import pytest
import zstandard

from tests.traces.samples import FRAMES, PERF, records
from zbudlab import traces
from zbudlab.io.streams import TraceError


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
