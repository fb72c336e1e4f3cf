"""The language of workloads: what stands in a TOML file, as objects that check themselves.

A size is a whole number of pages, or a text: "12 %" (of what, each field says) or "64 MiB".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from zbudlab import layout
from zbudlab.workload.checks import (
    MANY,
    Content,
    Size,
    WorkloadError,
    check_choice,
    check_number,
    check_table,
    check_truth,
    check_whole,
    pages_of,
    weights_of,
)

ACCESS = ("sequential", "random", "zipf", "working set")
ENDS = ("random", "oldest", "newest")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Region:
    """Pages of a process that are used alike.

    pages: size; % is of the machine's frames.
    content: what stands in them, see `zbudlab.workload.content`.
    access: "sequential", "random", "zipf" or "working set".
    use: pages used in a step; % is of the region.
    write: share of uses that write; the page is dirty then, its content stays.
    skew: of zipf: the page of rank r is used as often as 1 / r^skew has it.
    working_set, shift: shares of the region: the window in use, and how far it moves a step.
    """

    pages: Size
    content: Content = "mixed"
    access: str = "random"
    use: Size = 16
    write: float = 0.3
    skew: float = 1.0
    working_set: float = 0.2
    shift: float = 0.01

    def __post_init__(self) -> None:
        pages_of(self.pages, 1), pages_of(self.use, 1), weights_of(self.content)
        check_choice("a region", "access", self.access, ACCESS)
        shares = {name: (getattr(self, name), 0, 1) for name in ("write", "working_set", "shift")}
        check_number("a region", skew=(self.skew, 0, 10), **shares)


@dataclass(frozen=True)
class Process:
    """A kind of process.

    regions: its memory, written from the first page of the first on until all are full.
    grow: pages written a step while it grows; % is of its pages.
    life: steps after which one ends by itself; 0 = it goes on.
    at_once: how many of them are in use at a time, the others sleep; 0 = all.
    turn: steps after which the next ones are in use.
    ends: who goes where a phase ends some: "random", "oldest" or "newest".
    """

    name: str
    regions: tuple[Region, ...]
    grow: Size = "10 %"
    life: int = 0
    at_once: int = 0
    turn: int = 10
    ends: str = "random"

    def __post_init__(self) -> None:
        owner = f"process {self.name}"
        if not self.regions:
            raise WorkloadError(f"{owner}: it needs a region")
        if not pages_of(self.grow, 1):
            raise WorkloadError(f"{owner}: it must grow by a page a step at least")
        check_whole(owner, life=(self.life, 0, MANY), at_once=(self.at_once, 0, MANY))
        check_whole(owner, turn=(self.turn, 1, MANY))
        check_choice(owner, "ends", self.ends, ENDS)


@dataclass(frozen=True)
class Allocation:
    """Blocks that the kernel takes for itself, or large ones for somebody.

    count: blocks each time; % is of the machine's frames. every: steps from one time to the next.
    keep: steps until they are given back; 0 = never. direct: compact or reclaim for them.
    """

    order: int = 0
    migratetype: str = "unmovable"
    count: Size = 1
    every: int = 1
    keep: int = 0
    direct: bool = True

    def __post_init__(self) -> None:
        pages_of(self.count, 1)
        check_whole("an allocation", order=(self.order, 0, layout.MAX_ORDER - 1))
        check_whole("an allocation", every=(self.every, 1, MANY), keep=(self.keep, 0, MANY))
        check_truth("an allocation", "direct", self.direct)
        kinds = layout.MIGRATE_NAMES[: layout.MIGRATE_RESERVE]
        check_choice("an allocation", "migratetype", self.migratetype, tuple(kinds))


@dataclass(frozen=True)
class CmaRequest:
    """A range of the CMA area, asked for again and again.

    pages: size; % is of the area. every: steps from one time to the next. keep: steps until it is
    given back; 0 = never.
    """

    pages: Size
    every: int = 1
    keep: int = 1

    def __post_init__(self) -> None:
        if not pages_of(self.pages, 1):
            raise WorkloadError("a CMA request needs a page at least")
        check_whole("a CMA request", every=(self.every, 1, MANY), keep=(self.keep, 0, MANY))


@dataclass(frozen=True)
class Phase:
    """A time in which things go one way.

    start, end: by kind of process, how many are born and how many end, spread evenly over the
    phase; "50 %" of those there are when the phase begins. sleep: kinds not in use meanwhile.
    """

    name: str
    steps: int
    start: Mapping[str, int] = field(default_factory=dict)
    end: Mapping[str, Size] = field(default_factory=dict)
    sleep: tuple[str, ...] = ()
    allocate: tuple[Allocation, ...] = ()
    cma: tuple[CmaRequest, ...] = ()

    def __post_init__(self) -> None:
        owner = f"phase {self.name}"
        check_whole(owner, steps=(self.steps, 1, MANY))
        for kind, count in self.start.items():
            check_whole(owner, **{f"start.{kind}": (count, 0, MANY)})
        for size in self.end.values():
            pages_of(size, 1)


# --- from plain values --------------------------------------------------------------------------


def list_of(owner: str, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise WorkloadError(f"{owner}: a list is needed, not {value!r}")
    return list(value)


def made(kind: type[_T], owner: str, values: Any) -> _T:
    """One of these objects from a table; WorkloadError for unknown and missing names."""
    table = check_table(owner, values)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(table) - known:
        raise WorkloadError(
            f"{owner}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}"
        )
    try:
        return kind(**table)
    except TypeError as error:
        raise WorkloadError(f"{owner}: {str(error).partition('() ')[2]}") from None


def several(kind: type[_T], owner: str, table: dict[str, Any], name: str) -> tuple[_T, ...]:
    """The objects that stand in a list of a table, which is taken out of it."""
    values = list_of(f"{owner}, {name}", table.pop(name, []))
    return tuple(made(kind, f"{owner}, {name}", value) for value in values)
