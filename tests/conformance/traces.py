"""Where the golden traces are, and traces made of lines."""

from pathlib import Path

from zbudlab.conformance.trace import Operation

GOLDEN = Path(__file__).parents[1] / "data" / "golden"

#: Kinds whose answers are text: the settings of each file of answers, by the end of its name.
TEXT = {
    "zsmalloc-6.1": {".expected.gz": {}},
    "zswap-7": {".7.3.expected.gz": {}, ".7.2.expected.gz": {"version": "7.2"}},
    "zsmalloc-7": {".chain8.expected.gz": {}, ".chain4.expected.gz": {"chain": 4}},
    "z3fold-6.1": {".expected.gz": {}},
}


def expected(trace):
    return trace.with_name(trace.name.replace(".trace.", ".expected.jsonl."))


def trace(*lines):
    return [Operation(line, f"line {number}") for number, line in enumerate(lines, 1)]
