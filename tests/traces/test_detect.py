"""The kind of a trace, and files that are no trace."""

import pytest

from tests.traces.samples import DATA, PERF, written
from zbudlab import traces
from zbudlab.io.streams import TraceError
from zbudlab.machine.errors import ConfigError
from zbudlab.traces.detect import detect


def test_what_is_no_trace_is_refused(tmp_path):
    path = written(tmp_path, "hello\nworld\n")
    with pytest.raises(TraceError, match="it has no block allocated or freed; line 1: 'hello'"):
        traces.replay("kmem", path)
    with pytest.raises(TraceError, match="it has no use of a page"):
        traces.replay("lackey", path)
    with pytest.raises(TraceError, match="the kind of this trace is not known"):
        detect(path)
    (tmp_path / "zeros").write_bytes(bytes(20 << 20))
    with pytest.raises(TraceError, match="no end of line within 16777216 bytes"):
        traces.replay("kmem", tmp_path / "zeros")
    with pytest.raises(ConfigError, match="frames must be 2048 to"):
        traces.replay("kmem", PERF, frames=100)
    with pytest.raises(ConfigError, match="compressor has no effect"):
        traces.replay("kmem", PERF, compressor="lz4")
    with pytest.raises(TraceError, match="unknown kind of trace 'x'; known are kmem"):
        traces.replay("x", PERF)


@pytest.mark.parametrize(
    "lines", ["# h\na 0 500\nw 0\nw 0\n", "R 100\nP 5\nW 3\n", "S 0 1 0 7 900\nW 1\n", "r 1\nf 0\n"]
)
def test_operations_are_no_addresses_though_some_look_like_them(lines, tmp_path):
    with pytest.raises(TraceError, match="this is a trace of operations, which does not say"):
        detect(written(tmp_path, lines))
    assert detect(written(tmp_path, "r 1000\nw 0x2000\n")) == "addresses"


def test_a_recording_of_counters_is_recognised():
    assert detect(DATA.parent / "recordings" / "7.3-zstd-half.gz") == "zswap-run"


def test_a_kernel_log_is_no_trace_and_says_what_reads_it():
    with pytest.raises(TraceError, match="zbudlab why and zbudlab host --root read it"):
        detect(DATA.parent / "host" / "mem_info.txt")
