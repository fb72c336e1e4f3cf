"""Machines with a past, and log files changed on purpose."""

import contextlib
import hashlib
import json

import numpy as np

from zbudlab.content import corpus
from zbudlab.machine import Machine, snapshots


def worked(**settings):
    """A machine with a bit of everything behind it."""
    machine = Machine(frames=2048, min_free=16, cma_pages=1024, threads=1, **settings)
    processes = [machine.create_process(400) for _ in range(7)]
    for seed, process in enumerate(processes):
        machine.write(process, 0, corpus.pages("mixed", 380, seed))
        machine.touch(process, range(370, 400), write=True)
    machine.exit(processes[1])
    machine.read(processes[0], 0, 100)
    machine.pin(machine.alloc_pages(0, "movable"))
    machine.zbud_map(machine.zbud_alloc(100))
    machine.compact()
    machine.set_max_pool_percent(10)
    machine.reclaim(50)
    for attempt in (1024, 1536):
        try:
            machine.alloc_contig_range(attempt, attempt + 512)
        except OSError:
            continue
        machine.free_contig_range(attempt, attempt + 512)
    machine.cma_release(machine.cma_alloc(40, align=3), 40)
    machine.pin(machine.alloc_pages(0, "movable"), "buffers")
    machine.check()
    return machine


def rewritten(path, **changes):
    """The same log file with some of its arrays changed."""
    with np.load(path) as file:
        arrays = dict(file)
    for name, change in changes.items():
        arrays[name] = change(arrays[name])
    with open(path, "wb") as file:
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})


def header_with(**values):
    def change(array):
        header = json.loads(array.tobytes()) | values
        return np.frombuffer(json.dumps(header).encode(), np.uint8)

    return change


def everything(machine):
    """SHA-256 of all arrays byte for byte, gaps in records included, and of all other values."""
    digest = hashlib.sha256()
    for owner, part in snapshots.parts(machine).items():
        for name, value in sorted(part.items()):
            digest.update(f"{owner}.{name}".encode())
            if isinstance(value, np.ndarray):
                digest.update(np.ascontiguousarray(value).view(np.uint8).data)
            elif name == "pages" and owner != "state":  # content by slot
                for slot, page in sorted(value.items()):
                    digest.update(b"%d" % slot)
                    digest.update(page if isinstance(page, bytes) else repr(page).encode())
            else:
                digest.update(repr(value).encode())
    return digest.hexdigest()


def many_operations(count, **settings):
    """A machine that has done so many operations of all kinds, small ones mostly."""
    machine = Machine(frames=256, pageblock_order=5, max_pool_percent=30, threads=1, **settings)
    rng = np.random.default_rng(11)
    pages = corpus.pages("mixed", 60)
    processes, handles = [machine.create_process(90) for _ in range(4)], []
    acts = {
        "touch": lambda: machine.touch(rng.choice(processes), rng.integers(90, size=2), write=True),
        "write": lambda: write(rng.choice(processes), int(rng.integers(89))),
        "alloc": lambda: handles.append(machine.zbud_alloc(int(rng.integers(1, 3900)))),
        "free": lambda: handles and machine.zbud_free(handles.pop(rng.integers(len(handles)))),
        "map": lambda: handles and machine.zbud_map(handles[-1]),
        "reclaim": lambda: machine.reclaim(3),
        "block": lambda: machine.free_pages(machine.alloc_pages(int(rng.integers(3)), "movable")),
        "compact": machine.compact,
        "new": lambda: (
            machine.exit(processes.pop(0)),
            processes.append(machine.create_process(90)),
        ),
    }

    def write(process, first):
        if machine.config.page_bytes:
            machine.write(process, first, pages[rng.integers(60, size=2)])
        else:
            machine.write(process, first, rng.integers(100, 4000, size=2))

    weights = np.array([9, 6, 4, 3, 0.3, 2, 2, 0.4, 0.4])
    for act in rng.choice(list(acts), size=count, p=weights / weights.sum()):
        with contextlib.suppress(OSError):
            acts[act]()
    return machine
