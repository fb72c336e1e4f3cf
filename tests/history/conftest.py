"""A saved log, and a machine on which zbud pages moved."""

import pytest

from zbudlab.content import corpus
from zbudlab.history import History
from zbudlab.machine import Machine


@pytest.fixture
def saved(tmp_path):
    """A small machine, and the file with its log."""
    machine = Machine(frames=64)
    process = machine.create_process(20)
    machine.write(process, 0, corpus.pages("text", 20))
    machine.reclaim(8)
    machine.save_log(tmp_path / "log")
    return machine, tmp_path / "log"


@pytest.fixture(scope="module")
def machine():
    """A machine that zbud pages were moved on: the last operation but two is a compaction."""
    machine = Machine(frames=512, pageblock_order=5, max_pool_percent=40, threads=1)
    processes = [machine.create_process(150) for _ in range(5)]
    for seed, process in enumerate(processes):
        machine.write(process, 0, corpus.pages("mixed", 150, seed))
    for process in processes[1:4]:
        machine.exit(process)
    machine.compact()
    machine.free_pages(machine.alloc_pages(3))
    return machine


@pytest.fixture(scope="module")
def past(machine):
    return History(machine)
