"""A log runs to its end in compiled calls, with what the machine had at its end.

Also tests `driver/log.py`.
"""

import errno

import numpy as np
import pytest

from tests import rounds
from tests.twin import Pair
from zbudlab import history, layout
from zbudlab.machine import Machine, MachineError
from zbudlab.machine.oplog import LogError, OperationLog

FRAMES = 1024


def random_log(seed, operations=4000, **settings):
    """A machine with a log of blocks, objects and mappings, some of them refused."""
    machine = Machine(frames=FRAMES, page_bytes=False, **settings)
    rng = np.random.default_rng(seed)
    blocks, handles, mapped = [], [], []
    for _ in range(operations):
        choice = int(rng.integers(8))
        if choice < 2:
            pfn = machine.operate("alloc_pages", int(rng.integers(4)), int(rng.integers(3)), 0)
            blocks += [pfn] if pfn >= 0 else []
        elif choice == 2 and blocks:
            machine.free_pages(blocks.pop(int(rng.integers(len(blocks)))))
        elif choice < 5:
            handle = machine.operate("zbud_alloc", int(rng.integers(-1, 4097)))
            handles += [handle] if handle > 0 else []
        elif handles and choice == 5:
            machine.zbud_free(handles.pop(int(rng.integers(len(handles)))))
        elif handles and choice == 6:
            mapped.append(handles[int(rng.integers(len(handles)))])
            machine.operate("zbud_map", mapped[-1])
        elif mapped:
            machine.operate("zbud_unmap", mapped.pop())
        else:
            machine.operate("zbud_free", 12345678)
    return machine


@pytest.mark.parametrize("zbud", ["series", "plain"])
def test_blocks_and_objects(zbud):
    machine = random_log(1, zbud=zbud)
    again = history.replay(machine.log, machine.config)
    assert again.log is None
    assert again.digest() == machine.digest()


@pytest.mark.parametrize("number", [0, 2, 7, 9])
def test_a_round_of_everything(number, tmp_path):
    config = rounds.setup(5, number)
    pair = Pair(Machine(log=True, **{k: v for k, v in config.as_dict().items() if k != "log"}))
    for which, a, b, c in rounds.script(5, number, 400).tolist():
        rounds.ACTIONS[which].run(pair, a, b, c)
    machine = pair.machine
    machine.save_log(tmp_path / "log.npz")
    again = history.replay(tmp_path / "log.npz")
    assert again.digest() == machine.digest()
    counted = {name: count for name, count in machine.paging.events.items() if count}
    assert {name: count for name, count in again.paging.events.items() if count} == counted


def test_pages_touched_and_written_without_bytes():
    machine = Machine(frames=FRAMES, page_bytes=False)
    process = machine.create_process(3 * FRAMES)
    machine.write(process, 0, np.arange(3 * FRAMES) % 4000)
    machine.touch(process, range(0, 3 * FRAMES, 7), write=True)
    again = history.replay(machine.log, machine.config)
    assert again.paging.events["pgmajfault"] == machine.paging.events["pgmajfault"] > 0
    assert again.digest() == machine.digest()


def test_memory_that_was_full_is_full_again():
    machine = Machine(frames=FRAMES, page_bytes=False, swap_pages=100)
    process = machine.create_process(3 * FRAMES)
    with pytest.raises(MachineError):
        machine.touch(process, range(3 * FRAMES))
    machine.exit(process)
    again = history.replay(machine.log, machine.config)
    assert again.digest() == machine.digest()


def test_a_checked_machine_is_checked_after_each_operation():
    machine = random_log(2, operations=60, checked=True)
    assert history.replay(machine.log, machine.config).digest() == machine.digest()


def test_a_log_without_content_runs_without_bytes(tmp_path):
    machine = Machine(frames=256, threads=1)
    process = machine.create_process(20)
    machine.write(process, 0, np.zeros((20, layout.PAGE_SIZE), np.uint8))
    machine.read(process, 0, 20)
    machine.save_log(tmp_path / "log.npz", content=False)
    assert not history.replay(tmp_path / "log.npz").config.page_bytes


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("alloc_pages", [0, 0, 0]),
        ("zbud_alloc", [100]),
        ("rescan", []),
        ("touch", [0, 0, 3]),
    ],
)
def test_another_answer_is_found(name, arguments):
    log, machine = OperationLog(), Machine(frames=FRAMES, page_bytes=False, log=False)
    log.set_result(log.add(0, "create_process", [10]), 0)
    log.set_result(log.add(0, name, arguments), 99)
    with pytest.raises(LogError, match=f"operation 2, {name} .*answered 99 when it was logged"):
        history.replay(log, machine.config)


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("alloc_pages", [11, 0, 0], errno.EINVAL),
        ("alloc_pages", [0, 0], errno.EINVAL),
        ("free_pages", [FRAMES], errno.EINVAL),
        ("free_pages", [-5], errno.EINVAL),
        ("free_pages", [FRAMES - 1], errno.EINVAL),
        ("touch", [7, 0, 1], errno.ESRCH),
        ("touch", [0, 0, 10], errno.EFAULT),
        ("touch", [0, 2, 1], errno.EINVAL),
        ("write_lengths", [0, 8, 5, 5, 5], errno.EFAULT),
        ("write_lengths", [0, -1, 5], errno.EFAULT),
        ("write_lengths", [0, 0, 4098], errno.EINVAL),
    ],
)
def test_what_a_machine_refuses_is_refused_again(name, arguments, error):
    log, machine = OperationLog(), Machine(frames=FRAMES, page_bytes=False, log=False)
    log.set_result(log.add(0, "create_process", [10]), 0)
    log.set_result(log.add(0, name, arguments), -error)
    assert history.replay(log, machine.config).state.zone["nr_free_pages"] == FRAMES


def test_an_unknown_operation_is_refused():
    log, machine = OperationLog(), Machine(frames=FRAMES, page_bytes=False, log=False)
    log.add(0, "dance", [])
    with pytest.raises(LogError, match="operation 1 has the unknown name 'dance'"):
        history.replay(log, machine.config)


def test_a_log_in_memory_needs_a_configuration():
    with pytest.raises(ValueError, match="needs the configuration"):
        history.replay(OperationLog())
