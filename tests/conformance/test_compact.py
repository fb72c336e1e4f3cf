"""Traces of compaction: uncompiled code does the same, and a bad line is named."""

import numpy as np
import pytest

from tests.conformance.traces import GOLDEN, expected, trace
from zbudlab import conformance, layout
from zbudlab.conformance.compact import CompactHarness, compact_answers
from zbudlab.conformance.trace import TraceError, operations
from zbudlab.jit import KERNELS, uncompiled

SHORT = ("ch1_anon", "ch4_pinned_retry", "ch5_mapped_then_freed", "ch6_contig")


@pytest.mark.parametrize("name", SHORT)
def test_uncompiled_code_does_the_same(name):
    path = GOLDEN / "compact" / f"{name}.trace.gz"
    with uncompiled(KERNELS):
        _, difference = conformance.compare("compact", path, expected(path))
    assert difference is None, str(difference)


@pytest.mark.parametrize(
    "line", ["compact", "compact 11", "compact 3 movable later", "pin", "anon x"]
)
def test_a_bad_line_of_compaction_is_named(line):
    with pytest.raises(TraceError, match="line 3"):
        list(compact_answers(trace("zone 64 4", "boot", line)))


def test_what_nobody_owns_is_refused_in_words():
    lines = ["zone 64 4", "boot", "zalloc 100", "zfree 1"]
    asked = {
        "free 3": "dead",
        "freeanon 3": "dead",
        "pin 63": "dead",
        "unpin 0": "dead",
        "zfree 1": "dead",
        "zfree 2": "dead",
        "zmap 1": "null",
        "zunmap 2": "dead",
        "claim 99 movable": "norange",
        "alloc_contig 0 16": "norange",
        "free_contig 0 16": "norange",
    }
    answers = list(compact_answers(trace(*lines, *asked)))
    given = {answer["op"]: answer["rc"] for answer in answers if answer.get("op") in asked}
    assert given == asked


def test_page_table_entries_follow_the_user_pages_of_a_trace():
    path = GOLDEN / "compact" / "c07_all_kinds.trace.gz"
    found = list(operations(path))
    run = CompactHarness(sum(int(op.words[0]) for op in found if op.name == "anon"))
    for operation in found:
        run.run(operation)
    pages, ptes = run.state.pages, run.state.ptes
    on_lru = np.flatnonzero(pages["page_flags"] & layout.PG_LRU)
    assert len(on_lru) > 0
    assert (ptes["value"][pages["index"][on_lru]] == on_lru).all()
