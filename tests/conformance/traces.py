"""Where the golden traces are, and traces made of lines."""

from pathlib import Path

from zbudlab.conformance.trace import Operation

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


def expected(trace):
    return trace.with_name(trace.name.replace(".trace.", ".expected.jsonl."))


def trace(*lines):
    return [Operation(line, f"line {number}") for number, line in enumerate(lines, 1)]
