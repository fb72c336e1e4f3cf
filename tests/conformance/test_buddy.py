"""Traces of the page allocator: a bad line is named."""

import pytest

from tests.conformance.traces import trace
from zbudlab.conformance.buddy import buddy_answers
from zbudlab.conformance.trace import TraceError


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["alloc 0 movable"], "zone and boot must come first"),
        (["boot"], "between zone and the first allocation"),
        (["zone 0 9"], "a zone has 1 to"),
        (["zone 64 11"], "pageblocks of order 1 to 10"),
        (["zone 64 9", "zone 64 9"], "there is a zone already"),
        (["zone 2048 9", "cma 5 1024"], "whole blocks of 1024"),
        (["zone 2048 9", "cma 2048 1024"], "frames 0 to 2047"),
        (["zone 2048 9", "cma 0 1024", "cma 0 2048"], "may not overlap"),
        (["zone 64 9", "boot", "alloc 0 cma"], "a type is"),
        (["zone 64 9", "boot", "alloc -1 movable"], "0 or more"),
        (["zone 64 9", "boot", "alloc x movable"], "whole numbers are needed"),
        (["zone 64 9", "boot", "anon 1"], "unknown operation"),
        (["every 0"], "of 1 or more"),
        (["parts all"], "parts takes buddy"),
    ],
)
def test_a_bad_line_is_named(lines, reason):
    with pytest.raises(TraceError, match=reason) as raised:
        list(buddy_answers(trace(*lines)))
    assert f"line {len(lines)}" in str(raised.value)
