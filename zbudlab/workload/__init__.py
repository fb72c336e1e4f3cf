"""Workloads: pressure on a machine, told in a small language, the same for the same seed.

A workload says which kinds of processes there are, what stands in their memory and how they use
it, and in phases who is born, who ends, what the kernel takes for itself and what is asked of the
CMA area. It is a TOML file (`zbudlab/workload/scenarios/` has six) or Python objects:

>>> from zbudlab import Machine
>>> from zbudlab.workload import Workload
>>> workload = Workload.load("desktop")
>>> machine = Machine(workload.machine_config(frames=4096))
>>> for step in workload.run(machine):
...     print(step.phase, step.processes, step.events["used"])
"""

from zbudlab.workload.checks import WorkloadError
from zbudlab.workload.language import Allocation, CmaRequest, Phase, Process, Region
from zbudlab.workload.run import Run, Step
from zbudlab.workload.workload import Workload, scenarios

__all__ = [
    "Allocation",
    "CmaRequest",
    "Phase",
    "Process",
    "Region",
    "Run",
    "Step",
    "Workload",
    "WorkloadError",
    "scenarios",
]
