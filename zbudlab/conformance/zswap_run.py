"""Recordings of running kernels, run through the lab: zswap of 6.1, 7.2 and 7.3 on any allocator.

The lab gets the settings and the operations of the recording, and the compressed lengths of its
pages. Its counters after each operation are compared with the kernel's. The moment at which a
kernel's shrink work runs between two operations varies; there the lab's work goes as far as the
recording shows, and everything else is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from zbudlab.conformance.recorded_pages import PageLengths
from zbudlab.conformance.recording import (
    COMPACT,
    FREE,
    LAST_PHASE,
    LOAD,
    SHRINK,
    STORE,
    Recording,
    read_recording,
)
from zbudlab.conformance.run7 import BAND, Run7
from zbudlab.conformance.run61 import Run61
from zbudlab.conformance.trace import TraceError
from zbudlab.content.recorded import OLD

SHOWN = 10  #: differences that are printed


class Run(Protocol):
    """A machine that does what a recording says. notes: what it says about itself."""

    notes: list[str]

    def store(self, page: int, length: int) -> None:
        """Store a page."""

    def load(self, page: int) -> None:
        """Load a page."""

    def free(self, page: int) -> None:
        """Free a page."""

    def free_all(self) -> None:
        """Free all pages, in order."""

    def shrink(self) -> None:
        """Let zsmalloc compact itself."""

    def follow(self, pool_pages: int) -> None:
        """Report `pool_pages` pages of the pool until the kernel would read their number again."""

    def let_in(self, least: int = 0) -> bool:
        """Make the next store succeed; return whether that needed more than the shrink work.

        least: pages that the kernel's work left.
        """

    def shut_out(self) -> bool:
        """Make the next store fail; return whether it would have succeeded."""

    def counted(self) -> dict[str, int]:
        """Return the counters by column name."""

    def zspages(self) -> int:
        """Return the pages of the pool at this moment."""

    def catch_up(self, stored: int, pool_pages: int, least: int = 0) -> bool:
        """Let the shrink work go on down to at most `stored` pages in `pool_pages` frames.

        least: no further than to that many pages for the sake of the frames. Return whether it had
        ended and was started again.
        """


@dataclass
class RunResult:
    """The result of a run.

    differences: a sentence for each. solved: what had to be solved, as sentences. notes: whose
    rules, and which content.
    """

    operations: int = 0
    differences: list[str] = field(default_factory=list)
    solved: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the lines to print, the counts last."""
        yield from self.notes
        yield from self.solved
        yield from self.differences[:SHOWN]
        if len(self.differences) > SHOWN:
            yield f"... and {len(self.differences) - SHOWN} more"
        yield f"{self.operations} operations, {len(self.differences)} differences"


def run_recording(path: str | Path, version: str | None = None) -> RunResult:
    """Run a recording. TraceError for another file, or one that needs more than the lab has.

    version: of a recording of 7, whose rules the lab follows; None = the one whose limit it shows.
    """
    recording = read_recording(path)
    if recording.kernel == OLD and version is not None:
        raise TraceError(f"{recording.name} is a recording of {OLD} and takes no version")
    lengths = PageLengths(recording)
    run: Run = Run61(recording) if recording.kernel == OLD else Run7(recording, version)
    result = RunResult(len(recording.rows))
    result.notes += [*lengths.notes(), *run.notes]
    for at in range(len(recording.rows)):
        _operate(run, recording, lengths, at, result)
        _compare(run, recording, at, result)
    result.solved += lengths.solved()
    return result


def _operate(
    run: Run, recording: Recording, lengths: PageLengths, at: int, result: RunResult
) -> None:
    """Do the operation of a row."""
    phase, op, page, content = recording.rows[at, :4].tolist()
    if phase == LAST_PHASE:
        run.free_all()
    elif op == STORE:
        if recording.limited and at and (decision := _follow(run, recording, at)):
            result.differences.append(decision)
        run.store(page, lengths.of(content, at, run))
    elif op == LOAD:
        run.load(page)
    elif op == FREE:
        run.free(page)
    elif op == SHRINK:
        run.shrink()
    else:
        assert op == COMPACT  # moves pages, and changes no counter
    if recording.limited:
        stored, pool = (recording.column(name).tolist() for name in ("stored", "pool_pages"))
        least = stored[at + 1] - 1 if at + 1 < len(stored) else 0  # the next store adds a page
        if run.catch_up(stored[at], pool[at], least):
            where = recording.where[at]
            result.differences.append(f"{where}: the shrink work went on, here it had ended")


def _follow(run: Run, recording: Recording, at: int) -> str:
    """Have the lab take or refuse the page of a row as the kernel did. Say if it would not have.

    One page more or less in the pool decides differently at the limit, and all rows after it would
    differ. So each such decision counts once, and the lab goes on from there.
    """
    before, after = recording.rows[at - 1], recording.rows[at]
    stored, hits = map(recording.columns.index, ("stored", "limit_hit"))
    if after[stored] > before[stored] and run.let_in(int(after[stored]) - 1):
        return f"{recording.where[at]}: the page was taken, here the pool is full"
    if after[hits] > before[hits] and run.shut_out():
        return f"{recording.where[at]}: the page was refused, here the pool is not full"
    return ""


def _compare(run: Run, recording: Recording, at: int, result: RunResult) -> None:
    """Compare the counters after a row, and zsmalloc's pages where the recording has them."""
    counted = run.counted()
    wanted = {name: int(recording.column(name)[at]) for name in recording.compared}
    band = BAND if recording.limited else 0
    off = {name: n for name, n in wanted.items() if abs(counted[name] - n) > band}
    if off:
        shown = ", ".join(f"{name} {n}, here {counted[name]}" for name, n in off.items())
        result.differences.append(f"{recording.where[at]}: {shown}")
        run.follow(wanted["pool_pages"])
    live = recording.zspages.get(at)
    if live and not off and abs(run.zspages() - live) > band:
        text = f"zsmalloc had {live} pages, here {run.zspages()}"
        result.differences.append(f"{recording.where[at]}: {text}")
