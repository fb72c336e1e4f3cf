"""`mem`: its arrays and their table, what goes in from Python, and how `State` keeps it current.

Also tests `jit/memory.py` and `mm/state.py`.
"""

import copy
import pickle

import numpy as np
import pytest

from zbudlab import jit, layout
from zbudlab.jit import kernel
from zbudlab.machine import Machine
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.growth import grown
from zbudlab.mm.mem import Memory
from zbudlab.mm.page_alloc import alloc_pages
from zbudlab.mm.state import State

FRAMES = 1024
MOST_PARAMETERS = 7
LONG = {"scan_memory_uses", "use_page", "zswap_store_pages"}  #: kernels that take more


@pytest.fixture
def state():
    made = State(FRAMES)
    free_pages_memory(made.mem, 0, FRAMES)
    return made


@kernel(inline=False)
def seen(mem, shapes):
    """Write what compiled code sees of the arrays: lengths, and the bytes of a row of each."""
    shapes[0] = mem.zones.shape[0]
    shapes[1] = mem.pages.shape[0]
    shapes[2] = mem.frames.shape[0]
    shapes[3] = mem.frames.shape[1]
    shapes[4] = mem.frames.strides[0]
    shapes[5] = mem.pages.strides[0]
    shapes[6] = mem.marks.shape[0]
    mem.frames[3, 5] = 77
    mem.pages[4].index = 99


@pytest.mark.parametrize("page_bytes", [True, False])
def test_compiled_code_sees_the_arrays_and_writes_to_them(page_bytes):
    state = State(FRAMES, page_bytes=page_bytes)
    shapes = np.zeros(7, np.int64)
    seen(state.mem, shapes)
    pages, frames = state.pages, state.frames
    expected = (1, len(pages), *frames.shape, frames.strides[0], pages.itemsize)
    assert shapes.tolist() == [*expected, len(state.swap_marks)]
    assert state.frames[3, 5] == 77
    assert state.pages[4]["index"] == 99


def test_mem_names_every_array_of_the_state_that_kernels_take(state):
    names = {"areas": "swap_info", "slots": "swap_slots", "entries": "zswap_entries"}
    names |= {"caches": "slots_cache", "marks": "swap_marks"}
    for name, array in state.mem._asdict().items():
        assert array is getattr(state, names.get(name, name))
    others = {"lengths", "race_actors", "race_slots"}  # read by Python, or given on their own
    arrays = {name for name, value in vars(state).items() if isinstance(value, np.ndarray)}
    assert arrays == {names.get(name, name) for name in Memory._fields} | others


def test_mem_stays_the_same_until_an_array_is_replaced(state):
    mem = state.mem
    assert state.mem is mem
    state.nodes = grown(state.nodes, 1000)
    assert state.mem is not mem
    assert state.mem.nodes is state.nodes
    assert state.mem.pages is mem.pages


def test_a_growing_machine_goes_on_with_its_new_arrays():
    machine = Machine(frames=256, page_bytes=False, log=False)
    before = len(machine.state.ptes)
    machine.touch(machine.create_process(10 * before), range(100))
    assert len(machine.state.ptes) > before
    machine.check()


@pytest.mark.parametrize("made", [copy.deepcopy, lambda mem: pickle.loads(pickle.dumps(mem))])
def test_a_copy_has_a_table_of_its_own_arrays(state, made):
    assert state.mem.table["pages"][0][0] == state.pages.ctypes.data
    copied = made(state.mem)
    assert copied.table["pages"][0][0] == copied.pages.ctypes.data
    assert copied.pages.ctypes.data != state.pages.ctypes.data
    assert alloc_pages(copied, 0, layout.MIGRATE_MOVABLE) >= 0
    assert copied.zones["nr_free_pages"][0] == state.zones["nr_free_pages"][0] - 1


def test_another_array_in_its_place_gets_another_table(state):
    pages = state.pages.copy()
    other = state.mem._replace(pages=pages)
    alloc_pages(other, 0, layout.MIGRATE_MOVABLE)
    assert other.table["pages"][0][0] == pages.ctypes.data
    assert (pages["refcount"] != state.pages["refcount"]).any()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("pages", lambda pages: pages[::2]),
        ("pages", lambda pages: pages.view(np.uint8)),
        ("frames", lambda frames: frames.reshape(-1)),
        ("marks", lambda marks: marks.astype(np.int64)),
        ("zones", lambda zones: np.frombuffer(zones.tobytes(), zones.dtype)),
    ],
)
def test_arrays_of_another_form_are_refused(state, name, made):
    wrong = state.mem._replace(**{name: made(getattr(state.mem, name))})
    with pytest.raises(TypeError, match=f"mem.{name} must be"):
        alloc_pages(wrong, 0, layout.MIGRATE_MOVABLE)


def test_uncompiled_code_reads_fields_and_writes_to_the_same_memory(state):
    plain = state.mem.plain
    assert plain.plain is plain
    plain.pages[5].index = 7
    assert state.pages["index"][5] == 7
    assert alloc_pages(plain, 0, layout.MIGRATE_MOVABLE) >= 0


def test_a_function_of_a_user_gets_mem_and_calls_compiled_kernels_with_it(state):
    given = []

    def mine(mem, order, migratetype):
        given.append(int(mem.zones[0].nr_free_pages))
        return jit.KERNELS["page_alloc.rmqueue_fallback"](mem, order, migratetype)

    machine = Machine(frames=256, page_bytes=False, log=False)
    free = int(machine.state.zone["nr_free_pages"])
    with machine.replaced(alloc_pages=mine):
        machine.operate("alloc_pages", 0, layout.MIGRATE_UNMOVABLE, 0)
    assert given == [free]


def test_few_kernels_take_many_parameters():
    counts = {k.py_func.__name__: k.py_func.__code__.co_argcount for k in jit.KERNELS.values()}
    assert {name for name, count in counts.items() if count > MOST_PARAMETERS} <= LONG
    assert not [name for name, k in jit.KERNELS.items() if k.py_func.__code__.co_flags & 4]
