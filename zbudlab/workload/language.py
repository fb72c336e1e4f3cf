"""The language of workloads: the tables of a TOML file as objects that check themselves.

A size is a whole number of pages or text: "12 %" (each field says of what) or "64 MiB". Invalid
values raise WorkloadError.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from zbudlab.io.arguments import check_types
from zbudlab.machine.settings import ALLOCATION, CMA_REQUEST, COUNT, PHASE, PROCESS, REGION
from zbudlab.workload.checks import (
    ContentSpec,
    Size,
    WorkloadError,
    check_record,
    check_table,
    pages_of,
    weights_of,
)

_T = TypeVar("_T")


@dataclass(frozen=True)
class Region:
    """Pages of a process that are used in the same way.

    pages: size; % is of the machine's frames. content: what they contain, see
    `zbudlab.workload.content`. access: "sequential", "random", "zipf" or "working set". use: pages
    used in a step; % is of the region. write: share of uses that write; the page becomes dirty, its
    content stays the same. skew: for zipf, the page of rank r is used in proportion to 1 / r^skew.
    working_set, shift: for a working set, the window in use and how far it moves per step, as
    shares of the region.
    """

    pages: Size
    content: ContentSpec = "mixed"
    access: str = "random"
    use: Size = 16
    write: float = 0.3
    skew: float = 1.0
    working_set: float = 0.2
    shift: float = 0.01

    def __post_init__(self) -> None:
        check_types(self, "content")
        pages_of(self.pages, 1), pages_of(self.use, 1), weights_of(self.content)
        check_record("a region", self, REGION)


@dataclass(frozen=True)
class Group:
    """A memory cgroup of processes, in kernels whose zswap supports cgroups.

    parent: the name of the cgroup above; "" = the root. zswap_max: the most compressed bytes it may
    have in zswap, as a size; % is of the machine's frames; None = no limit. zswap_writeback:
    whether its pages may go to the swap device.
    """

    name: str
    parent: str = ""
    zswap_max: Size | None = None
    zswap_writeback: bool = True

    def __post_init__(self) -> None:
        check_types(self)
        if self.zswap_max is not None:
            pages_of(self.zswap_max, 1)


@dataclass(frozen=True)
class Process:
    """A kind of process.

    regions: its memory, which it writes from the first page to the last before it uses it. grow:
    pages written per step until then; % is of its pages. life: steps after which a process exits; 0
    = unlimited. at_once: how many of them are in use at a time, while the others sleep; 0 = all.
    turn: steps after which the next ones are in use. ends: which exit when a phase ends some,
    "random", "oldest" or "newest". cgroup: the name of the cgroup they belong to; "" = the root.
    """

    name: str
    regions: tuple[Region, ...]
    grow: Size = "10 %"
    life: int = 0
    at_once: int = 0
    turn: int = 10
    ends: str = "random"
    cgroup: str = ""

    def __post_init__(self) -> None:
        check_types(self)
        owner = f"process {self.name}"
        if not self.regions:
            raise WorkloadError(f"{owner}: at least one region is needed")
        if not pages_of(self.grow, 1):
            raise WorkloadError(f"{owner}: grow must be at least one page per step")
        check_record(owner, self, PROCESS)


@dataclass(frozen=True)
class Allocation:
    """Blocks that the kernel allocates for itself, or large blocks for other purposes.

    count: blocks per allocation; % is of the machine's frames. every: steps between two
    allocations. keep: steps until the blocks are freed; 0 = never. direct: whether to compact or
    reclaim for them.
    """

    order: int = 0
    migratetype: str = "unmovable"
    count: Size = 1
    every: int = 1
    keep: int = 0
    direct: bool = True

    def __post_init__(self) -> None:
        check_types(self)
        pages_of(self.count, 1)
        check_record("an allocation", self, ALLOCATION)


@dataclass(frozen=True)
class CmaRequest:
    """A repeated request for a range of the CMA area.

    pages: size; % is of the area. every: steps between two requests. keep: steps until the range is
    given back; 0 = never. by: "cma_alloc", as drivers do, with the order `align` of the alignment;
    or "ranges", which asks `alloc_contig_range` for multiples of the size from the start on.
    """

    pages: Size
    every: int = 1
    keep: int = 1
    by: str = "ranges"
    align: int = 0

    def __post_init__(self) -> None:
        check_types(self)
        if not pages_of(self.pages, 1):
            raise WorkloadError("a CMA request must be for at least one page")
        check_record("a CMA request", self, CMA_REQUEST)


@dataclass(frozen=True)
class Phase:
    """A number of steps with the same rules.

    start, end: how many processes start and exit, by kind, spread evenly over the phase; "50 %" is
    of those running when the phase begins. sleep: kinds that are not in use during the phase.
    """

    name: str
    steps: int
    start: Mapping[str, int] = field(default_factory=dict)
    end: Mapping[str, Size] = field(default_factory=dict)
    sleep: tuple[str, ...] = ()
    allocate: tuple[Allocation, ...] = ()
    cma: tuple[CmaRequest, ...] = ()

    def __post_init__(self) -> None:
        check_types(self)
        owner = f"phase {self.name}"
        check_record(owner, self, PHASE)
        for kind, count in self.start.items():
            if fault := COUNT.fault(f"start.{kind}", count):
                raise WorkloadError(f"{owner}: {fault}")
        for size in self.end.values():
            pages_of(size, 1)


# --- from plain values --------------------------------------------------------------------------


def list_of(owner: str, value: Any) -> list[Any]:
    """Return a value as a list; WorkloadError if it is not one."""
    if not isinstance(value, (list, tuple)):
        raise WorkloadError(f"{owner} must be a list, not {value!r}")
    return list(value)


def made(kind: type[_T], owner: str, values: Any) -> _T:
    """Create one of these objects from a table; WorkloadError for unknown and missing names."""
    table = check_table(owner, values)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(table) - known:
        raise WorkloadError(
            f"{owner}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}"
        )
    try:
        return kind(**table)
    except TypeError as error:
        said = str(error).partition("() ")[2] or str(error)  # without the name of the class
        raise WorkloadError(f"{owner}: {said}") from None


def several(kind: type[_T], owner: str, table: dict[str, Any], name: str) -> tuple[_T, ...]:
    """Remove a list of tables from a table, and create an object from each."""
    values = list_of(f"{owner}, {name}", table.pop(name, []))
    return tuple(made(kind, f"{owner}, {name}", value) for value in values)
