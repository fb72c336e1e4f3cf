"""Wrong arguments are refused in one sentence that holds the value, and nothing changes.

Also tests `machine/settings.py`.
"""

import errno
import inspect
import re

import numpy as np
import pytest

from tests import hostile
from tests.machine.machines import low_objects, small
from zbudlab.machine import Machine, MachineError, checks, operations

OUT_OF_64_BITS = "must be of 64 bits, not"


@pytest.fixture(scope="module")
def machine():
    """A machine with 10 pages of process 0 in use, all in zswap or memory, and a CMA area."""
    machine = small(frames=4096, cma_pages=1024)
    machine.touch(machine.create_process(10), range(10), write=True)
    machine.reclaim(4)
    machine.zbud_alloc(100)
    return machine


def unchanged(machine, call):
    """What a call raises; the machine, its counters and its log are as before."""
    before = machine.digest(), len(machine.log), dict(machine.paging.events), dict(machine.pins)
    with pytest.raises((OSError, ValueError, TypeError)) as refused:
        call(machine)
    after = machine.digest(), len(machine.log), dict(machine.paging.events), dict(machine.pins)
    assert before == after
    assert "\n" not in str(refused.value)
    return refused.value


WRONG = {
    "create_process(0)": "pages must be 1 to 16777216, not 0",
    "create_process(1.5)": "pages must be a whole number, not 1.5",
    "create_process(True)": "pages must be a whole number, not True",
    "create_process(None)": "pages must be a whole number, not None",
    "create_process(1 << 40)": "pages must be 1 to 16777216, not 1099511627776",
    "create_process(np.float64('nan'))": "pages must be a whole number, not",
    "create_process(OddIndex())": "pages must be a whole number, not an odd index",
    "create_process(NoRepr())": "pages must be a whole number, not an object of type NoRepr",
    "create_process(OddInt(0))": "pages must be 1 to 16777216, not",
    "create_process(10 ** 5000)": "pages must be of 64 bits, not an integer of 16610 bits",
    "create_process(1, cgroup='shop')": "zswap of 3.12-fixed has no cgroups in the lab",
    "create_cgroup()": "no cgroups in the lab: use one of the profiles 7.2, 7.3",
    "create_cgroup('shop')": "parent must be a whole number, not 'shop'",
    "create_cgroup(zswap_writeback='no')": "zswap_writeback must be True or False, not 'no'",
    "cgroup(2 ** 70)": "zswap of 3.12-fixed has no cgroups in the lab",
    "attach(0, None)": "cgroup must be a whole number, not None",
    "attach(9, 0)": "there is no process 9",
    "set_zswap_max(0, 1.5)": "zswap_max must be a whole number, not 1.5",
    "set_zswap_writeback(0, 'no')": "writeback must be True or False, not 'no'",
    "exit(7)": "there is no process 7",
    "exit('shell')": "there is no process 'shell'",
    "exit(2 ** 70)": "there is no process 1180591620717411303424",
    "touch(0, [0.5])": r"pages must be a range or list of whole numbers, not \[0.5\]",
    "touch(0, 'abc')": "pages must be a range or list of whole numbers, not 'abc'",
    "touch(0, 3)": "pages must be a range or list of whole numbers, not 3",
    "touch(0, [2 ** 70])": "pages must be a range or list of whole numbers, not",
    "touch(0, [True])": "pages must be a range or list of whole numbers, not",
    "touch(0, [[1, 2], [3]])": "pages must be a range or list of whole numbers, not",
    "touch(0, OddIndex())": "pages must be a range or list of whole numbers, not an odd index",
    "touch(0, range(10 ** 12))": "pages 0 to 9; 0 to 999999999999 were asked for",
    "touch(0, range(2 ** 70))": "pages 0 to 9; 0 to 1180591620717411303423 were asked for",
    "touch(0, range(9, -9, -1))": "pages 0 to 9; -8 to 9 were asked for",
    "touch(0, np.array([2 ** 64 - 1], np.uint64))": "pages must be -9223372036854775808 to 9",
    "touch(0, [1], write='yes')": "write must be True or False, not 'yes'",
    "touch(0, [1], write=2)": "write must be True or False, not 2",
    "touch(0, [1], write=None)": "write must be True or False, not None",
    "write(0, 0, b'abc')": "pages must be whole, of 4096 bytes each: 3 bytes are not",
    "write(0, 0, np.full((1, 4096), 300))": "pages must be bytes or an array of uint8, not int",
    "write(0, 0, None)": "pages must be bytes or an array of uint8, not None",
    "write(0, 0, 'text')": "pages must be bytes or an array of uint8, not 'text'",
    "write(0, [0], b'')": r"first must be a whole number, not \[0\]",
    "write(0, 10, bytes(4096))": "pages 0 to 9; 10 to 10 were asked for",
    "write(0, 2 ** 70, bytes(4096))": "first must be",
    "read(0, 0, '1')": "count must be a whole number, not '1'",
    "read(0, 0, -1)": "count must be 0 to 16777216, not -1",
    "read(0, 0, 2 ** 63)": f"count {OUT_OF_64_BITS} 9223372036854775808",
    "read(0, 5, 6)": "pages 0 to 9; 5 to 10 were asked for",
    "read(True, 0, 1)": "process must be a whole number, not True",
    "peek('x', 0)": "there is no process 'x'",
    "explain('x', 0)": "there is no process 'x'",
    "explain(0, 2 ** 70)": f"page {OUT_OF_64_BITS} 1180591620717411303424",
    "peek(0, 'x')": "page must be a whole number, not 'x'",
    "peek(0, 1.0)": "page must be a whole number, not 1.0",
    "peek(0, 2 ** 70)": f"page {OUT_OF_64_BITS} 1180591620717411303424",
    "peek(0, 10)": "pages 0 to 9; 10 to 10 were asked for",
    "peek_pages(0, [10])": "pages 0 to 9; 10 to 10 were asked for",
    "peek_pages(0, None)": "pages must be a range or list of whole numbers, not None",
    "reclaim(0)": "pages must be 1 to 16777216, not 0",
    "alloc_pages(1.5)": "order must be a whole number, not 1.5",
    "alloc_pages(11)": "order must be 0 to 10, not 11",
    "alloc_pages(0, 'purple')": "one of unmovable, reclaimable, movable, not 'purple'",
    "alloc_pages(0, 2)": "one of unmovable, reclaimable, movable, not 2",
    "alloc_pages(direct='no')": "direct must be True or False, not 'no'",
    "free_pages(None)": "there is no page frame None, only 0 to 4095",
    "free_pages(4095)": "page frame 4095 is not in use",
    "pin(0.5)": "there is no page frame 0.5, only 0 to 4095",
    "pin(2 ** 64)": "there is no page frame 18446744073709551616",
    "unpin(0)": "page frame 0 is not",
    "compact('9')": "order must be a whole number, not '9'",
    "compact(11)": "order must be -1 to 10, not 11",
    "compact(sync='maybe')": "sync must be True or False, not 'maybe'",
    "compact(sync=3)": "sync must be True or False, not 3",
    "compact(migratetype=None)": "not None",
    "alloc_contig_range(None, None)": "start must be a whole number, not None",
    "alloc_contig_range(3072, 4096.0)": "end must be a whole number, not 4096.0",
    "alloc_contig_range(3072, 2 ** 63)": f"end {OUT_OF_64_BITS} 9223372036854775808",
    "pin(0, 'gup')": "kind must be one of pin, buffers, file, not 'gup'",
    "pin(0, 1)": "kind must be one of pin, buffers, file, not 1",
    "operate('pin_as', 0, 3)": "kind must be 0 to 2, not 3",
    "cma_alloc(0)": "count must be 1 to 9223372036854775807, not 0",
    "cma_alloc(1.0)": "count must be a whole number, not 1.0",
    "cma_alloc(2 ** 63)": f"count {OUT_OF_64_BITS} 9223372036854775808",
    "cma_alloc(1, align=25)": "align must be 0 to 24, not 25",
    "cma_alloc(1, align='4')": "align must be a whole number, not '4'",
    "cma_release(3072, 1)": "page frames 3072 to 3072 were not taken",
    "cma_release(-2 ** 62, 5)": "were not taken",
    "cma_release(3072, 0)": "count must be 1 to 16777216, not 0",
    "cma_release(None, 1)": "pfn must be a whole number, not None",
    "free_contig_range('a', 'b')": "start must be a whole number, not 'a'",
    "free_contig_range(-2 ** 70, 1)": f"start {OUT_OF_64_BITS} -1180591620717411303424",
    "free_contig_range(3072, 3073)": "page frames 3072 to 3072 were not taken",
    "free_contig_range(-2 ** 62, 2 ** 62)": "were not taken",
    "set_max_pool_percent('20')": "percent must be a whole number, not '20'",
    "set_max_pool_percent(101)": "max_pool_percent must be 0 to 100, not 101",
    "set_zbud_movable(5)": "movable must be True or False, not 5",
    "set_zbud_movable(None)": "movable must be True or False, not None",
    "inject('swap_write', 99999)": "errno of a fault of swap_write, must be 0 to 133, not 99999",
    "inject('page', -1)": "count must be 0 to 16777216, not -1",
    "inject('page', 1.5)": "count must be a whole number, not 1.5",
    "inject('disk', 1)": "one of page, zswap_entry, tree_node, swap_write, slot_tree, not 'disk'",
    "inject([], 1)": r"slot_tree, not \[\]",
    "zbud_alloc(1e3)": "size must be a whole number, not 1000.0",
    "zbud_alloc(2 ** 70)": f"size {OUT_OF_64_BITS} 1180591620717411303424",
    "zbud_free('1')": "handle must be a whole number, not '1'",
    "zbud_free(2 ** 63)": f"handle {OUT_OF_64_BITS} 9223372036854775808",
    "zbud_map(None)": "handle must be a whole number, not None",
    "zbud_unmap(-2 ** 63 - 1)": f"handle {OUT_OF_64_BITS} -9223372036854775809",
    "restore(None)": "snapshot must be a return value of snapshot",
    "save_log('log', content='no')": "content must be True or False, not 'no'",
    "operate('nosuch')": "unknown operation 'nosuch': there are alloc_contig_range, ",
    "operate(None)": "unknown operation None",
    "operate([])": r"unknown operation \[\]",
    "operate('exit')": "operation exit takes process, not 0 numbers",
    "operate('exit', 0, 1)": "operation exit takes process, not 2 numbers",
    "operate('rescan', 1)": "operation rescan takes no arguments, not 1 numbers",
    "operate('exit', 5)": "there is no process 5",
    "operate('touch', 0, 7, 1)": "write must be 0 to 1, not 7",
    "operate('touch', 0, 0, 1, 'x')": "pages must be a whole number, not 'x'",
    "operate('touch', 0, 0, 1, 2 ** 63)": f"pages {OUT_OF_64_BITS} 9223372036854775808",
    "operate('touch', 0, 0, 99)": "pages 0 to 9; 99 to 99 were asked for",
    "operate('pin', 10 ** 9)": "there is no page frame 1000000000",
    "operate('free_pages', -5)": "there is no page frame -5",
    "operate('alloc_pages', 0, 5, 0)": "migratetype must be 0 to 2, not 5",
    "operate('inject', 9, 0)": "fault must be 0 to 4, not 9",
    "operate('write', 0, 0, 12345)": "the log has no page content 12345",
    "operate('write_lengths', 0, 0, 100)": "this machine has page bytes",
    "operate('read', 0, 0, 2 ** 40)": "count must be 0 to 16777216, not 1099511627776",
    "operate('lay_out', 0, 1)": "free lists are 6 types by 11 orders, and 6 pageblocks",
}


@pytest.mark.parametrize("call", WRONG)
def test_is_refused_and_changes_nothing(machine, call):
    names = {**hostile.NAMES, "machine": machine}
    error = unchanged(machine, lambda _: eval(f"machine.{call}", names))
    assert re.search(WRONG[call], str(error)), str(error)


@pytest.mark.parametrize(
    ("lengths", "why"),
    [
        ([5000], "lengths must be -1 to 4097, not 5000"),
        ([-5], "lengths must be -1 to 4097, not -5"),
        ([1.7], r"lengths must be a range or list of whole numbers, not \[1.7\]"),
        (5, "lengths must be a range or list of whole numbers, not 5"),
        ([None], r"whole numbers, not \[None\]"),
        (bytes(4096), "whole numbers, not"),
        ([100] * 11, "pages 0 to 9; 0 to 10 were asked for"),
    ],
)
def test_lengths_that_no_page_has_are_refused(lengths, why):
    machine = small(page_bytes=False)
    process = machine.create_process(10)
    error = unchanged(machine, lambda machine: machine.write(process, 0, lengths))
    assert isinstance(error, MachineError)
    with pytest.raises(MachineError, match=why):
        machine.write(process, 0, lengths)


def test_the_least_and_greatest_lengths_are_taken():
    machine = small(page_bytes=False)
    process = machine.create_process(10)
    machine.write(process, 0, [-1, 0, 4096])
    machine.write(process, 3, np.array([17], np.uint8))
    machine.write(process, 4, range(100, 103))
    assert machine.reclaim(7) == 7
    machine.check()


def test_numbers_and_switches_of_numpy_are_taken():
    machine = small()
    process = machine.create_process(np.uint8(10))
    machine.touch(np.int64(process), np.arange(10, dtype=np.uint64), write=np.True_)
    assert isinstance(machine.log[0].arguments[0], int)
    assert machine.peek(np.int8(process), np.int16(3)) == bytes(4096)
    machine.set_zbud_movable(np.False_)


@pytest.mark.parametrize("pages", [range(9, -1, -3), range(4, 2**70, 2**70), range(0), range(10)])
def test_every_range_of_pages_is_expanded(pages):
    machine = small()
    machine.touch(machine.create_process(10), pages)
    *_, touch = machine.log.operations()
    assert touch.arguments == [0, 0, *pages]


def test_refusals_name_the_errno():
    machine = small()
    process = machine.create_process(10)
    for call, code in (
        (lambda: machine.touch(process, range(5, 13)), errno.EFAULT),
        (lambda: machine.exit(7), errno.ESRCH),
        (lambda: machine.operate("nosuch"), errno.EINVAL),
        (lambda: small(page_bytes=False).peek(0, 0), errno.ENODATA),
        (lambda: machine.zbud_free(77), errno.ENOENT),
    ):
        with pytest.raises(MachineError) as refused:
            call()
        assert refused.value.errno == code
    machine.exit(process)
    with pytest.raises(MachineError, match=f"there is no process {process}"):
        machine.read(process, 0, 1)


def test_plain_zbud_cannot_be_made_movable():
    machine = small(zbud="plain")
    assert "plain zbud cannot move" in str(unchanged(machine, lambda m: m.set_zbud_movable(True)))


def test_a_block_that_is_no_contiguous_range_is_not_given_back_as_one():
    machine = small(frames=2048, cma_pages=1024)
    taken = [machine.alloc_pages(3, "movable") for _ in range(200)]
    inside = [pfn for pfn in taken if pfn >= machine.cma_area[0]]
    assert inside
    error = unchanged(machine, lambda m: m.free_contig_range(inside[0], inside[0] + 1))
    assert "not taken from the CMA area" in str(error)
    for pfn in taken:
        machine.free_pages(pfn)
    machine.check()


def test_a_mapped_objects_frame_is_not_the_users_to_free():
    machine, _ = low_objects(3)
    assert "belongs to a process or to zbud" in str(unchanged(machine, lambda m: m.free_pages(0)))


def test_every_operation_has_a_check_with_its_parameters():
    assert set(checks.CHECKS) == set(operations.OPERATIONS)
    for name, operation in operations.OPERATIONS.items():
        mine = inspect.signature(checks.CHECKS[name]).parameters
        theirs = inspect.signature(operation).parameters
        assert len(mine) == len(theirs), name
        assert [p.kind for p in mine.values()] == [p.kind for p in theirs.values()], name


def test_every_public_method_of_a_machine_is_called_wrongly_here():
    called = {call.partition("(")[0] for call in WRONG}
    public = {
        name
        for name, method in inspect.getmembers(Machine, inspect.isfunction)
        if not name.startswith("_") and len(inspect.signature(method).parameters) > 1
    }
    elsewhere = {"replaced", "lay_out"}  # test_replaced.py, test_freelists.py
    assert public - called - elsewhere == set()
