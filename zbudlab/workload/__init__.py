"""Workloads: memory pressure on a machine, described in a small language.

A workload says which kinds of processes there are, what their pages contain and how they use them.
Its phases say which processes start and end, what the kernel allocates for itself, and what is
requested of the CMA area. The same seed gives the same run. A workload is a TOML file (six are in
`zbudlab/workload/scenarios/`) or made of Python objects:

>>> from zbudlab import Machine
>>> from zbudlab.workload import Workload
>>> workload = Workload.load("desktop")
>>> machine = Machine(workload.machine_config(frames=4096))
>>> for step in workload.run(machine):
...     print(step.phase, step.processes, step.events["used"])
"""

from zbudlab.workload.checks import WorkloadError
from zbudlab.workload.language import Allocation, CmaRequest, Group, Phase, Process, Region
from zbudlab.workload.run import Run, Step
from zbudlab.workload.workload import Workload, scenarios

__all__ = [
    "Allocation",
    "CmaRequest",
    "Group",
    "Phase",
    "Process",
    "Region",
    "Run",
    "Step",
    "Workload",
    "WorkloadError",
    "scenarios",
]
