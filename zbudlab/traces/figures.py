"""Figures of a replayed trace: counts, and free memory over time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zbudlab.io.files import write_json
from zbudlab.io.streams import Malformed
from zbudlab.io.values import human
from zbudlab.layout import MAX_ORDER, PAGE_SIZE
from zbudlab.machine.errors import ConfigError
from zbudlab.mm import vmstat
from zbudlab.mm.state import State

SAMPLES = 64  #: kept at most; beyond that, every second one is dropped
ROWS = 12  #: of the printed table
HUGE = 9  #: the order whose blocks and indices the table shows

Sample = dict[str, Any]


def look(state: State) -> Sample:
    """Return current free memory: pages, then blocks and both indices (thousandths) by order."""
    indices = np.zeros((2, MAX_ORDER), np.int64)
    vmstat.extfrag_indices(state.mem, indices)
    return {
        "free_pages": int(state.zone["nr_free_pages"]),
        "free_blocks": [int(blocks) for blocks in state.zone["nr_free"]],
        "fragmentation_index": indices[0].tolist(),
        "unusable_index": indices[1].tolist(),
    }


def blocks_of(sample: Sample, order: int = HUGE) -> int:
    """Return how many blocks of 2^order frames the free blocks of a sample hold."""
    return sum(n << (above - order) for above, n in enumerate(sample["free_blocks"][order:], order))


class Samples(list[Sample]):
    """At most SAMPLES evenly spaced samples; the distance doubles when there are more.

    every: the initial distance, in events. Raises ConfigError if it is below 1.
    """

    def __init__(self, every: int = 1024) -> None:
        if every < 1:
            raise ConfigError(f"every must be 1 event or more, not {every}")
        super().__init__()
        self.every = every

    def due(self, done: int) -> int:
        """Return the number of events until the next sample."""
        return self.every - done % self.every

    def take(self, done: int, sample: Callable[[], Sample]) -> None:
        """Keep a sample if one is due after `done` events."""
        if done % self.every:
            return
        self.append(sample())
        if len(self) > SAMPLES:
            self.every *= 2
            self[:] = [kept for kept in self if kept["event"] % self.every == 0]

    def finished(self, done: int, sample: Callable[[], Sample]) -> list[Sample]:
        """Return all samples, including one at the end."""
        if not self or self[-1]["event"] != done:
            self.append(sample())
        return list(self)


@dataclass
class Figures:
    """The results of a replay.

    counts: by name, as the table shows them. samples: the values of `look`, plus `event` (number
    of events before the sample), `seconds` (time in the trace; None if it has no times) and the
    counts so far. The last sample is taken at the end.
    """

    kind: str
    trace: str
    frames: int
    counts: dict[str, int]
    samples: list[Sample]
    malformed: Malformed
    notes: list[str] = field(default_factory=list)

    @property
    def last(self) -> Sample:
        """The last sample."""
        return self.samples[-1]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "kind": self.kind,
            "trace": self.trace,
            "frames": self.frames,
            "counts": self.counts,
            "malformed": {"lines": self.malformed.count, "first": self.malformed.named},
            "notes": self.notes,
            "samples": self.samples,
        }

    def save(self, path: str | Path) -> None:
        """Write everything to a JSON file."""
        write_json(path, self.as_dict())

    def _rows(self) -> list[Sample]:
        """Return some of the samples, evenly spaced, including the last."""
        step = max(-(-len(self.samples) // ROWS), 1)
        return self.samples[::-1][::step][::-1]

    def _over_time(self) -> list[str]:
        extra = [name for name in self.last if name not in {*look_names(), "event", "seconds"}]
        heads = ["event", "seconds", "free pages", f"order-{HUGE} blocks", "unusable", "frag.index"]
        rows = [[*heads, *extra]]
        for sample in self._rows():
            seconds = sample["seconds"]
            rows.append(
                [
                    str(sample["event"]),
                    "-" if seconds is None else f"{seconds:.3f}",
                    str(sample["free_pages"]),
                    str(blocks_of(sample)),
                    f"{sample['unusable_index'][HUGE] / 1000:.3f}",
                    f"{sample['fragmentation_index'][HUGE] / 1000:.3f}",
                    *(str(sample[name]) for name in extra),
                ]
            )
        return aligned(rows)

    def _by_order(self) -> list[str]:
        rows = [["at the end, order", *map(str, range(MAX_ORDER))]]
        rows.append(["free blocks", *map(str, self.last["free_blocks"])])
        for name in ("unusable_index", "fragmentation_index"):
            shown = [f"{value / 1000:.3f}" for value in self.last[name]]
            rows.append([name.replace("_", " "), *shown])
        return aligned(rows)

    def __str__(self) -> str:
        size = human(self.frames * PAGE_SIZE)
        lines = [f"{self.kind} trace {self.trace} on {self.frames} frames ({size})"]
        width = max(len(name) for name in self.counts)
        lines += [f"  {name:<{width}}  {value}" for name, value in self.counts.items()]
        lines += ["", *self._over_time(), "", *self._by_order(), ""]
        lines += self.notes
        lines += [f"malformed lines: {self.malformed.count}", *self.malformed.lines()]
        return "\n".join(lines)


def look_names() -> set[str]:
    """Return the names of the values of `look`."""
    return {"free_pages", "free_blocks", "fragmentation_index", "unusable_index"}


def aligned(rows: list[list[str]]) -> list[str]:
    """Format rows of words as lines, right-aligned except for a first column of words."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = not rows[-1][0].isdigit()
    return [
        "  ".join(
            word.ljust(width) if left and not i else word.rjust(width)
            for i, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
