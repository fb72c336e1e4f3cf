"""Traces of zswap 3.12: uncompiled code does the same, and a bad line is named.

Also tests `swap/areas.py`, `swap/device.py`, `swap/journal.py`, `swap/writeback.py`,
`mm/swapfile.py`, `mm/zswap.py`, `mm/zswap_check.py`, `mm/zswap_entry.py` and `mm/zswap_marks.py`.
"""

import pytest

from tests.conformance.traces import GOLDEN, expected
from zbudlab import conformance, layout
from zbudlab.conformance.trace import Operation, TraceError
from zbudlab.conformance.zswap import zswap_answers
from zbudlab.jit import KERNELS, uncompiled

KINDS = ("zswap-plain", "zswap-series")
TRACES = sorted(path for kind in KINDS for path in (GOLDEN / kind).glob("*.trace.gz"))
SHORT = ("h01", "h02", "h05", "h06", "h07", "h08", "h09")


def name(path):
    return path.parent.name + ":" + path.name.partition(".")[0]


@pytest.mark.parametrize("path", [path for path in TRACES if path.name.startswith(SHORT)], ids=name)
def test_uncompiled_code_does_the_same(path):
    mine = ("zswap", "zswap_entry", "swapfile")
    with uncompiled([kernel for kernel in KERNELS if kernel.partition(".")[0] in mine]):
        _, difference = conformance.compare(path.parent.name, path, expected(path))
    assert difference is None, str(difference)


@pytest.mark.parametrize(
    "line",
    [
        "stor 0 1 100 1",
        "store 0 1 100",
        "store 0 1 much 1",
        "store 0 fail 100 1",
        "swapon 0",
        "swapon 0 10 maybe",
        "swapcache 0 1",
        "swapcache 0 1 never",
        "swapcache -1 x auto",
        "at",
        "at cache",
        "at noon inv 0 1",
        "at cache inv 0",
        "at write store 0 1",
        "limit",
        "totalram -1",
        "totalram 99999999999999999999",
        "every 0",
        "migrate 0 1",
    ],
)
def test_a_bad_line_is_named(line):
    with pytest.raises(TraceError, match="line 7") as raised:
        list(zswap_answers(layout.ZBUD_PLAIN, [Operation(line, "line 7")]))
    assert line in str(raised.value)
