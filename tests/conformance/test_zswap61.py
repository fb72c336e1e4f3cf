"""Traces of zswap 6.1: a bad line is named."""

import pytest

from zbudlab.conformance.trace import Operation, TraceError
from zbudlab.conformance.zswap61 import zswap61_answers


@pytest.mark.parametrize(
    "line",
    [
        "store 1",
        "store 1 many",
        "store 1 0",
        "store 1 4097",
        "store same 10",
        "load",
        "free x",
        "swap tape",
        "profile 3.12",
        "max_pool_percent -1",
        "compact 1",
    ],
)
def test_a_bad_line_of_6_1_is_named(line):
    with pytest.raises(TraceError, match="line 7") as raised:
        list(zswap61_answers([Operation(line, "line 7")]))
    assert line in str(raised.value)
