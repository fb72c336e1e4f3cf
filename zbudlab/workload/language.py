"""The language of workloads: what stands in a TOML file, as objects that check themselves.

A size is a whole number of pages, or a text: "12 %" (of what, each field says) or "64 MiB".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from zbudlab import layout
from zbudlab.config import MachineConfig
from zbudlab.files import read_toml
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

if TYPE_CHECKING:
    from zbudlab.machine import Machine
    from zbudlab.workload.run import Run

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


@dataclass(frozen=True)
class Workload:
    """Kinds of processes and phases; `run` puts a machine under this pressure.

    machine: settings of the machine it is made for. folder: where its relative paths begin.
    """

    name: str
    processes: tuple[Process, ...]
    phases: tuple[Phase, ...]
    description: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()

    def __post_init__(self) -> None:
        check_table(f"workload {self.name}, machine", self.machine)
        kinds = [process.name for process in self.processes]
        if len(set(kinds)) < len(kinds):
            raise WorkloadError(f"workload {self.name}: two processes have the same name")
        if not self.phases:
            raise WorkloadError(f"workload {self.name}: it needs a phase")
        for phase in self.phases:
            for kind in (*phase.start, *phase.end, *phase.sleep):
                check_choice(f"phase {phase.name}", "a process", kind, tuple(kinds))

    @property
    def steps(self) -> int:
        """Steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    def machine_config(self, **settings: Any) -> MachineConfig:
        """The machine it is made for, with other settings in the place of some."""
        return MachineConfig.from_dict({**self.machine, **settings})

    def with_content(self, content: Content) -> "Workload":
        """The same workload with other pages: this content in all regions."""
        kinds = (
            replace(kind, regions=tuple(replace(r, content=content) for r in kind.regions))
            for kind in self.processes
        )
        return replace(self, processes=tuple(kinds))

    def run(self, machine: "Machine", *, seed: int | None = None, repeat: bool = False) -> "Run":
        """Iterate over the steps of this pressure on a machine; see `run.Run`.

        seed: of all chance; None = the machine's. repeat: after the last phase begin again.
        """
        from zbudlab.workload.run import Run

        return Run(self, machine, machine.config.seed if seed is None else seed, repeat=repeat)

    @classmethod
    def load(cls, name: str | Path) -> "Workload":
        """A ready scenario by its name, or a workload from a TOML file."""
        if str(name) in scenarios():
            path = Path(str(files("zbudlab.workload") / "scenarios" / f"{name}.toml"))
        else:
            path = Path(name)
        if path.suffix != ".toml":
            raise WorkloadError(
                f"no workload {str(name)!r}: there are {', '.join(scenarios())}, and .toml files"
            )
        values = read_toml(path, WorkloadError)
        return cls.from_dict({"name": path.stem} | values, folder=path.parent)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, folder: Path = Path()) -> "Workload":
        """A workload from what stands in a TOML file; WorkloadError for what cannot stand there."""
        plain = dict(values)
        kinds = check_table("processes", plain.pop("processes", {}))
        plain["processes"] = tuple(
            _process({"name": name} | check_table(f"process {name}", kind))
            for name, kind in kinds.items()
        )
        plain["phases"] = tuple(_phase(phase) for phase in _list("phases", plain.get("phases", [])))
        return _made(cls, "a workload", plain | {"folder": folder})


def scenarios() -> list[str]:
    """Names of the workloads that come with the package."""
    folder = files("zbudlab.workload") / "scenarios"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


# --- from plain values --------------------------------------------------------------------------


def _list(owner: str, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise WorkloadError(f"{owner}: a list is needed, not {value!r}")
    return list(value)


def _made(kind: type[_T], owner: str, values: Any) -> _T:
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


def _several(kind: type[_T], owner: str, table: dict[str, Any], name: str) -> tuple[_T, ...]:
    """The objects that stand in a list of a table, which is taken out of it."""
    values = _list(f"{owner}, {name}", table.pop(name, []))
    return tuple(_made(kind, f"{owner}, {name}", value) for value in values)


def _process(values: dict[str, Any]) -> Process:
    owner = f"process {values['name']}"
    regions = _several(Region, owner, values, "regions")
    return _made(Process, owner, values | {"regions": regions})


def _phase(values: Any) -> Phase:
    table = check_table("a phase", values)
    owner = f"phase {table.get('name', '')}"
    given: dict[str, Any] = {
        "allocate": _several(Allocation, owner, table, "allocate"),
        "cma": _several(CmaRequest, owner, table, "cma"),
        "sleep": tuple(_list(f"{owner}, sleep", table.pop("sleep", []))),
        **{n: check_table(f"{owner}, {n}", table.pop(n, {})) for n in ("start", "end")},
    }
    return _made(Phase, owner, table | given)
