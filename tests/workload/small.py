"""Small machines and workloads."""

from zbudlab.machine import Machine
from zbudlab.workload import (
    Process,
    Region,
    Workload,
)

FRAMES = 1024


def machine(**settings):
    plain = {"frames": FRAMES, "page_bytes": False, "log": False, "threads": 1}
    return Machine(**(plain | settings))


def small(*phases, kinds=None, **settings):
    """A workload of one kind of process with one region of 64 pages."""
    kinds = kinds or (Process("p", (Region(64, **settings),), grow=64),)
    return Workload("small", kinds, phases)
