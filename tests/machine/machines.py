"""Small machines, full or scattered, and what tests ask of them."""

import contextlib

import numpy as np

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError

FRAMES = 1024
PER_PROCESS = 250
BUILT_IN = ("lz4", "lzo", "zstd", "deflate", "none")


def small(**settings):
    return Machine(**({"frames": FRAMES, "min_free": 16, "threads": 1} | settings))


def filled(recipe="mixed", processes=6, **settings):
    """A machine with processes of more pages than frames; what each process wrote, by number."""
    machine = small(**settings)
    wrote = {}
    for seed in range(processes):
        process = machine.create_process(PER_PROCESS)
        wrote[process] = corpus.pages(recipe, PER_PROCESS, seed)
        machine.write(process, 0, wrote[process])
    return machine, wrote


def assert_intact(machine, wrote):
    for process, pages in wrote.items():
        assert np.array_equal(machine.read(process, 0, len(pages)), pages)


def free_pages(machine):
    return int(machine.state.zone["nr_free_pages"])


LOW = 1500  # pages of a process that lies scattered over the lower frames


def scattered():
    """A machine whose lower frames belong to two processes in turn, one of them gone."""
    machine = small(frames=4096)
    stays, goes = machine.create_process(LOW), machine.create_process(LOW)
    for page in range(LOW):
        machine.touch(stays, [page], write=True)
        machine.touch(goes, [page])
    pages = corpus.pages("binary", LOW)
    machine.write(stays, 0, pages)
    machine.exit(goes)
    return machine, {stays: pages}


def frame_of(machine, process, page):
    entry = machine.state.ptes[int(machine.state.processes[process]["start"]) + page]
    assert entry["state"] == layout.PTE_PRESENT
    return int(entry["value"])


def take_all(machine, order):
    """Blocks of an order until there is none."""
    taken = []
    with contextlib.suppress(MachineError):
        while True:
            taken.append(machine.alloc_pages(order, "movable", direct=False))
    return taken


def low_objects(count, size=3000, **settings):
    """A machine whose lowest frames are zbud pages, the rest free; their handles."""
    machine = small(frames=4096, **settings)
    above = [machine.alloc_pages(10, "movable") for _ in range(3)]
    handles = [machine.zbud_alloc(size) for _ in range(count)]
    for pfn in above:
        machine.free_pages(pfn)
    return machine, handles
