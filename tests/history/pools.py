"""The history of a machine whose pool has one of the newer allocators, and what it says."""

import numpy as np

from zbudlab import layout
from zbudlab.history import History
from zbudlab.machine import Machine


def history(zpool, largest):
    """The history of a machine whose pool grew, shrank and was moved.

    largest: about how long compressed pages are, at most.
    """
    random = np.random.default_rng(3)
    machine = Machine(
        frames=512, profile="6.1", zpool=zpool, pageblock_order=4, threads=1, min_free=4
    )
    pages = np.zeros((200, layout.PAGE_SIZE), np.uint8)
    for page, size in zip(pages, random.integers(100, largest, 200), strict=True):
        page[:size] = random.integers(0, 256, size)
    stored, other, stays = (machine.create_process(number) for number in (200, 200, 30))
    machine.write(stored, 0, pages)
    for page in range(200):
        machine.touch(other, [page])
        if page % 7 == 0:
            machine.touch(stays, [page // 7])
    machine.reclaim(120)
    machine.exit(other)
    machine.compact()
    machine.exit(stored)
    return History(machine)


def told(past, kind, stage):
    """The sentences of the first parts of that kind within an operation of the log."""
    for stop in range(1, len(past) + 1):
        if past[stop].name != kind:
            continue
        inside = past.inside(stop)
        numbers = [n for n, part in enumerate(inside.parts, 1) if part.stage == stage]
        if numbers:
            return [inside.explain(number).sentence for number in numbers[:8]]
    raise AssertionError(f"no {kind} has a part {stage!r}")
