"""Recorded traces: text read, and read and run, compared with a Python regular expression."""

import gzip
import re
import tempfile
from pathlib import Path

from benchmarks.item import Case, Setup, Step, item
from zbudlab import traces

DATA = Path(__file__).parents[2] / "tests" / "data" / "traces"
REGEX = "Python's re"
KMEM = re.compile(
    rb"mm_page_(alloc|free): page=\S+ pfn=0x([0-9a-f]+) order=(\d+)(?: migratetype=(\d+))?"
)
LACKEY = re.compile(rb"^(I | L| S| M) ([0-9a-f]+),(\d+)$", re.MULTILINE)


class Text:
    """A sample repeated many times, in a temporary file."""

    def __init__(self, name: str, times: int) -> None:
        self.bytes = gzip.decompress((DATA / name).read_bytes()) * times
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / name.removesuffix(".gz")
        self.path.write_bytes(self.bytes)

    def by_regex(self, pattern: re.Pattern[bytes]) -> int:
        """Return how many records a regular expression finds, with a hexadecimal number in each."""
        return sum(1 for found in pattern.finditer(self.bytes) if int(found[2], 16) >= 0)


@item("trace-kmem")
def kmem(setup: Setup) -> Case:
    """`perf script` text of the page allocator's events: the goal is 500,000 per second."""
    text = Text("kmem.perf.txt.gz", 20 if setup.short else 120)
    events = text.by_regex(KMEM)

    def read() -> int:
        return sum(len(batch.records) for batch in traces.BlockEvents(text.path))

    steps = [
        Step("trace: kmem events read", events, read, {REGEX: lambda: text.by_regex(KMEM)}),
        Step(
            "trace: kmem events read and run",
            events,
            lambda: traces.replay("kmem", text.path).counts["events"],
        ),
    ]
    return Case(lambda: None, steps)


@item("trace-lackey")
def lackey(setup: Setup) -> Case:
    """40 MB of valgrind's lackey, reduced to pages: the goal is 5 s."""
    text = Text("lackey.txt.gz", 4 if setup.short else 40)
    references = text.by_regex(LACKEY)

    def read() -> int:
        uses = traces.PageUses(text.path)
        for _ in uses:
            pass
        return uses.references

    steps = [
        Step("trace: lackey read", references, read, {REGEX: lambda: text.by_regex(LACKEY)}),
        Step(
            "trace: lackey read and run",
            references,
            lambda: traces.replay("lackey", text.path, frames=256).counts["references"],
        ),
    ]
    return Case(lambda: None, steps)
