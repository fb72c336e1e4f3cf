"""A workload as a whole: read from a TOML file, or one of the ready scenarios."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from zbudlab.io.files import read_toml
from zbudlab.machine import Machine, MachineConfig
from zbudlab.workload.checks import Content, WorkloadError, check_choice, check_table
from zbudlab.workload.language import (
    Allocation,
    CmaRequest,
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

    def run(self, machine: Machine, *, seed: int | None = None, repeat: bool = False) -> Run:
        """Iterate over the steps of this pressure on a machine; see `run.Run`.

        seed: of all chance; None = the machine's. repeat: after the last phase begin again.
        """
        return Run(
            machine,
            self.processes,
            self.phases,
            seed=machine.config.seed if seed is None else seed,
            name=self.name,
            folder=self.folder,
            repeat=repeat,
        )

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
        plain["phases"] = tuple(
            _phase(phase) for phase in list_of("phases", plain.get("phases", []))
        )
        return made(cls, "a workload", plain | {"folder": folder})


def scenarios() -> list[str]:
    """Names of the workloads that come with the package."""
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
