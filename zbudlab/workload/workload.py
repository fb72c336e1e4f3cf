"""A whole workload: read from a TOML file, or one of those that come with the package."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from zbudlab.io.arguments import check_types, checked
from zbudlab.io.files import read_toml
from zbudlab.machine import Machine, MachineConfig
from zbudlab.workload.checks import ContentSpec, WorkloadError, check_choice, check_table
from zbudlab.workload.language import (
    Allocation,
    CmaRequest,
    Group,
    Phase,
    Process,
    Region,
    list_of,
    made,
    several,
)
from zbudlab.workload.run import Run


@dataclass(frozen=True)
class Workload:
    """Kinds of processes, and phases. `run` puts a machine under this pressure.

    machine: settings of the machine that it is made for. folder: where its relative paths start.
    cgroups: of the processes, those above before those below them. WorkloadError if it contradicts
    itself.
    """

    name: str
    processes: tuple[Process, ...]
    phases: tuple[Phase, ...]
    description: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()
    cgroups: tuple[Group, ...] = ()

    def __post_init__(self) -> None:
        check_types(self)
        self._check_cgroups()
        check_table(f"workload {self.name}, machine", self.machine)
        kinds = [process.name for process in self.processes]
        if len(set(kinds)) < len(kinds):
            raise WorkloadError(f"workload {self.name}: two kinds of processes have the same name")
        if not self.phases:
            raise WorkloadError(f"workload {self.name}: at least one phase is needed")
        for phase in self.phases:
            for kind in (*phase.start, *phase.end, *phase.sleep):
                check_choice(f"phase {phase.name}", "a process", kind, tuple(kinds))

    def _check_cgroups(self) -> None:
        """Raise WorkloadError for a cgroup that is missing, duplicate, or after its child."""
        known: list[str] = []
        for group in self.cgroups:
            if group.name in ("", *known):
                raise WorkloadError(f"workload {self.name}: a second cgroup {group.name!r}")
            check_choice(f"cgroup {group.name}", "parent", group.parent, ("", *known))
            known.append(group.name)
        for kind in self.processes:
            check_choice(f"process {kind.name}", "cgroup", kind.cgroup, ("", *known))

    @property
    def steps(self) -> int:
        """Number of steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    def machine_config(self, **settings: Any) -> MachineConfig:
        """Return the settings of the machine it is made for, with some replaced."""
        return MachineConfig.from_dict({**self.machine, **settings})

    @checked()
    def with_content(self, content: ContentSpec) -> "Workload":
        """Return the same workload with this content in all regions."""
        kinds = (
            replace(kind, regions=tuple(replace(r, content=content) for r in kind.regions))
            for kind in self.processes
        )
        return replace(self, processes=tuple(kinds))

    @checked()
    def run(self, machine: Machine, *, seed: int | None = None, repeat: bool = False) -> Run:
        """Return an iterator over the steps of this workload on a machine; see `run.Run`.

        seed: for all randomness; None = the machine's seed. repeat: whether to start again after
        the last phase.
        """
        return Run(
            machine,
            self.processes,
            self.phases,
            seed=machine.config.seed if seed is None else seed,
            name=self.name,
            folder=self.folder,
            repeat=repeat,
            cgroups=self.cgroups,
        )

    @classmethod
    @checked()
    def load(cls, name: str | Path) -> "Workload":
        """Return one of the package's workloads by its name, or one from a TOML file."""
        if str(name) in scenarios():
            path = Path(str(files("zbudlab.workload") / "scenarios" / f"{name}.toml"))
        else:
            path = Path(name)
        if path.suffix != ".toml":
            raise WorkloadError(
                f"unknown workload {str(name)!r}: use {', '.join(scenarios())} or a .toml file"
            )
        values = read_toml(path, WorkloadError)
        return cls.from_dict({"name": path.stem} | values, folder=path.parent)

    @classmethod
    @checked()
    def from_dict(cls, values: Mapping[str, Any], *, folder: Path = Path()) -> "Workload":
        """Create a workload from the tables of a TOML file; WorkloadError for invalid values."""
        plain = dict(values)
        kinds = check_table("processes", plain.pop("processes", {}))
        plain["processes"] = tuple(
            _process({"name": name} | check_table(f"process {name}", kind))
            for name, kind in kinds.items()
        )
        groups = check_table("cgroups", plain.pop("cgroups", {}))
        plain["cgroups"] = tuple(
            made(Group, f"cgroup {name}", {"name": name} | check_table(f"cgroup {name}", group))
            for name, group in groups.items()
        )
        plain["phases"] = tuple(
            _phase(phase) for phase in list_of("phases", plain.get("phases", []))
        )
        return made(cls, "a workload", plain | {"folder": folder})


def scenarios() -> list[str]:
    """Return the names of the workloads that come with the package."""
    folder = files("zbudlab.workload") / "scenarios"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def _process(values: dict[str, Any]) -> Process:
    owner = f"process {values['name']}"
    regions = several(Region, owner, values, "regions")
    return made(Process, owner, values | {"regions": regions})


def _phase(values: Any) -> Phase:
    table = check_table("a phase", values)
    owner = f"phase {table.get('name', '')}"
    given: dict[str, Any] = {
        "allocate": several(Allocation, owner, table, "allocate"),
        "cma": several(CmaRequest, owner, table, "cma"),
        "sleep": tuple(list_of(f"{owner}, sleep", table.pop("sleep", []))),
        **{n: check_table(f"{owner}, {n}", table.pop(n, {})) for n in ("start", "end")},
    }
    return made(Phase, owner, table | given)
