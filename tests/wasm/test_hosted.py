"""The module in wasmtime: kernels' answers, and the same memory as native code."""

import numpy as np
import pytest

from tests.wasm.traces import ROOM, first_difference, played, played_in, traces
from zbudlab import jit, layout
from zbudlab.conformance import KINDS
from zbudlab.machine import Machine
from zbudlab.mm import inspection, page_alloc, radix_tree, zbud_header
from zbudlab.mm.state import State
from zbudlab.wasm import build
from zbudlab.wasm.hosted import NATIVE, Home, OutOfRoom

SOME = [trace for kind in KINDS for trace in traces(kind)[:2]]


@pytest.fixture(scope="module")
def module():
    return build()


@pytest.mark.parametrize("trace", SOME, ids=lambda trace: f"{trace.parent.name}/{trace.name}")
def test_the_module_does_what_the_kernel_did(module, trace):
    count, difference = first_difference(module, trace)
    assert difference is None, f"after {count} operations:\n{difference}"
    assert count > 0


@pytest.mark.slow
def test_a_hundred_thousand_random_operations_leave_the_same_memory(module):
    total = 0
    for number in (2, 3):  # with page bytes, and without
        count, digest = played(2013, number)
        assert played_in(module, 2013, number) == (count, digest)
        total += count
    assert total >= 10**5


def test_kernels_run_in_the_module_and_nowhere_else(module, monkeypatch):
    home = Home(module)
    called = []
    monkeypatch.setattr(home, "call", lambda name, *_: called.append(name) or 0)
    native = page_alloc.alloc_pages
    with home.running():
        state = State(64)
        page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
        assert page_alloc.alloc_pages is not native
    assert page_alloc.alloc_pages is native
    assert "page_alloc.alloc_pages" in called
    assert "bootmem.free_area_init" in called


def test_arrays_of_machines_are_in_linear_memory_until_the_block_ends(module):
    home = Home(module)
    with home.running():
        inside = Machine(frames=64, page_bytes=False)
    outside = Machine(frames=64, page_bytes=False)
    assert all(home.holds(a) for a in inspection.arrays(inside.state).values() if a.nbytes)
    assert not any(map(home.holds, inspection.arrays(outside.state).values()))
    assert inside.digest() == outside.digest()


def test_a_machine_made_outside_is_refused(module):
    machine = Machine(frames=64, page_bytes=False)
    with Home(module).running(), pytest.raises(ValueError, match="make it within running"):
        machine.alloc_pages()


def test_a_full_memory_is_an_error(module):
    with Home(module, 1 << 21).running(), pytest.raises(OutOfRoom, match="raise `room`"):
        State(1 << 12)


def test_a_kernel_that_is_not_exported_is_refused_by_name(module):
    with (
        Home(module).running(),
        pytest.raises(NotImplementedError, match="home_list"),
    ):
        zbud_header.home_list(np.zeros(1, layout.zbud_header)[0])


@pytest.mark.parametrize("name", [each for each in NATIVE if each.startswith("crypto.")])
def test_a_native_kernel_calls_native_kernels_alone(name):
    """Otherwise its first compilation within the block fails, as if no page could be compressed."""
    code = jit.KERNELS[name].py_func.__code__
    called = {f"crypto.{each}" for each in code.co_names} & set(jit.KERNELS)
    assert called <= set(NATIVE)


def test_two_homes_at_a_time_are_refused(module):
    home = Home(module)
    with home.running(), pytest.raises(RuntimeError, match="replaced already"):
        Home(module).running().__enter__()
    assert State.place(home) is home


def test_keys_of_64_bits_and_two_results(module):
    home = Home(module, ROOM)
    nodes, root = np.zeros(64, layout.radix_tree_node), np.zeros(1, layout.radix_tree_root)[0]
    key = np.uint64(2**64 - 1)
    with home.running():
        radix_tree.init_radix_tree_nodes(nodes)
        assert radix_tree.radix_tree_insert(nodes, root, key, 7) == 0
        assert radix_tree.radix_tree_lookup(nodes, root, key) == 7
        pool = np.zeros(1, layout.zbud_pool)[0]
        assert radix_tree.first_fault(nodes, pool) == (0, 0)
        pool["items"] = 1
        assert radix_tree.first_fault(nodes, pool) != (0, 0)


def test_a_prepared_call_can_be_made_again_and_again(module):
    home = Home(module, ROOM)
    with home.running():
        machine = Machine(frames=256, page_bytes=False, log=False)
    mem = machine.state.mem
    allocate = home.prepared("page_alloc.alloc_pages", mem, 0, layout.MIGRATE_MOVABLE)
    frames = [allocate() for _ in range(3)]
    assert len(set(frames)) == 3
    free = home.prepared("page_alloc.put_page", mem, frames[1])
    assert free() == home.call("page_alloc.put_page", mem, frames[0])
    with home.running():
        assert machine.state.pages["refcount"][frames].tolist() == [0, 0, 1]


def test_a_prepared_call_needs_its_arrays_in_the_module(module):
    home, slots = Home(module, ROOM), np.zeros(1, np.int64)
    with home.running():
        mem = Machine(frames=256, page_bytes=False, log=False).state.mem
    with pytest.raises(ValueError, match="swap_free can be prepared only for arrays in linear"):
        home.prepared("swapfile.swap_free", mem, slots, slots)


def test_arrays_with_gaps_are_refused(module):
    with Home(module).running(), pytest.raises(TypeError, match="contiguous"):
        radix_tree.init_radix_tree_nodes(np.zeros(128, layout.radix_tree_node)[::2])


def test_every_kernel_has_a_form(module):
    with Home(module).running():
        used = list(map(id, vars(page_alloc).values()))
        assert not any(id(kernel) in used for kernel in jit.KERNELS.values())
