"""A frame in words: the text agrees with the records.

Also tests `view/records.py` and `view/zbud_details.py`.
"""

import re

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.machine import Machine
from zbudlab.mm.inspection import list_members
from zbudlab.mm.radix_tree import radix_tree_lookup
from zbudlab.view import details

FRAMES = 4096


@pytest.fixture(scope="module", params=["series", "plain"])
def machine(request):
    machine = Machine(frames=FRAMES, zbud=request.param, max_pool_percent=40, cma_pages=1024)
    rng = np.random.default_rng(4)
    process = machine.create_process(3700)
    pages = rng.integers(256, size=(3700, layout.PAGE_SIZE), dtype=np.uint8)
    pages[:, 1500:] = 0
    machine.write(process, 0, pages)
    machine.touch(machine.create_process(1500), range(1500), write=True)
    return machine


def zbud_frames(machine):
    pages = machine.state.pages[:FRAMES]
    return np.flatnonzero(pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE).tolist()


def part(machine, pfn, title):
    """A part of a frame's details, as a dictionary."""
    return next(
        dict(rows) for name, rows in details.details(machine, pfn)["parts"] if name == title
    )


class TestWords:
    def test_of_a_zbud_page(self, machine):
        state, pool = machine.state, machine.state.pools[0]
        head = int(pool["list_heads"]) + layout.LRU_LIST
        lru = [row >> 6 for row in list_members(state.rows, layout.LRU, head)]
        assert len(lru) > 100
        for pfn in lru[::37]:
            header = state.rows[pfn << 6]
            first, last = int(header["first_chunks"]), int(header["last_chunks"])
            words = details.words(machine, pfn)
            assert words.startswith(f"pfn {pfn}: zbud, {first} + {last} chunks used, handle")
            assert f"LRU place {lru.index(pfn) + 1}" in words
            references = int(state.pages[pfn]["refcount"])
            assert f"{references} reference{'s' if references > 1 else ''}," in words
            assert ("in the CMA area" in words) == (pfn >= 3072)
            assert "pinned" not in words

    def test_handles_lead_to_the_page(self, machine):
        pool = machine.state.pools[0]
        for pfn in zbud_frames(machine)[::37]:
            handles = re.findall(
                r"\d+", re.search(r"handles? ([^,]*)", details.words(machine, pfn))[1]
            )
            for handle in map(int, handles):
                if pool["variant"] == layout.ZBUD_SERIES:
                    assert radix_tree_lookup(machine.state.nodes, pool, handle) == pfn + 1
                else:
                    assert handle >> layout.NCHUNKS_ORDER == pfn

    def test_of_a_process_page(self, machine):
        state = machine.state
        pfn = int(np.flatnonzero(state.pages["mapping"][:FRAMES])[3])
        owner, number = re.search(
            r"page (\d+) of process (\d+)", details.words(machine, pfn)
        ).groups()[::-1]
        place = int(state.processes[int(owner)]["start"]) + int(number)
        assert state.ptes[place].tolist()[:2] == (pfn, layout.PTE_PRESENT)
        assert re.search(r"(active|inactive) list place \d+", details.words(machine, pfn))

    def test_of_a_pinned_page(self, machine):
        pfn = zbud_frames(machine)[0]
        machine.pin(pfn)
        try:
            assert "pinned: 1 not its owner's" in details.words(machine, pfn)
        finally:
            machine.unpin(pfn)

    def test_of_free_and_of_the_kernels_frames(self):
        machine = Machine(frames=FRAMES)
        block = machine.alloc_pages(3)
        words = details.words(machine, block + 5)
        assert (
            words
            == f"pfn {block + 5}: the kernel's, in a block of order 3 from pfn {block}, 1 reference"
        )
        assert (
            details.words(machine, 700)
            == "pfn 700: free, in a block of order 10 from pfn 0, movable"
        )
        single = machine.alloc_pages(0)
        assert details.words(machine, single) == f"pfn {single}: the kernel's, 1 reference"


class TestDetails:
    def test_give_the_fields_of_struct_page_and_header(self, machine):
        pfn = zbud_frames(machine)[1]
        page, header = machine.state.pages[pfn], machine.state.rows[pfn << 6]
        told = part(machine, pfn, "struct page")
        assert set(told) == set(layout.page.names)
        assert told["refcount"] == str(page["refcount"])
        assert told["mapcount"] == f"{layout.PAGE_ZBUD_MAPCOUNT_VALUE} (zbud page)"
        assert "on no list now" in told["next"]
        told = part(machine, pfn, "zbud header (chunk 0 of the page)")
        assert told["first_handle"] == str(header["first_handle"])
        assert told["last_chunks"].startswith(f"{header['last_chunks']} (")

    def test_give_the_first_bytes(self, machine):
        pfn = zbud_frames(machine)[1]
        told = part(machine, pfn, "first 128 bytes")
        data = bytes.fromhex("".join(told.values()))
        assert data == machine.state.frames[pfn, :128].tobytes()
        assert any(data)

    def test_give_the_neighbours_in_the_lists(self, machine):
        state, pool = machine.state, machine.state.pools[0]
        head = int(pool["list_heads"]) + layout.LRU_LIST
        lru = [row >> 6 for row in list_members(state.rows, layout.LRU, head)]
        assert details.places(machine, lru[0])[0][1:4] == (1, len(lru), None)
        assert details.places(machine, lru[-1])[0][1:] == (len(lru), len(lru), lru[-2], None)
        place, home = details.places(machine, lru[5])
        assert (place.before, place.behind) == (lru[4], lru[6])
        assert str(place) == f"place 6 of {len(lru)}, between pfn {lru[4]} and pfn {lru[6]}"
        row = state.rows[lru[5] << 6]
        both = row["first_chunks"] and row["last_chunks"]
        assert home.name.startswith("buddied list" if both else "unbuddied list")

    def test_give_the_way_through_the_tree(self, machine):
        pfn = zbud_frames(machine)[-1]
        titles = [name for name, _ in details.details(machine, pfn)["parts"]]
        pool = machine.state.pools[0]
        assert ("radix tree" in titles) == (pool["variant"] == layout.ZBUD_SERIES)
        if "radix tree" not in titles:
            return
        for name, path in part(machine, pfn, "radix tree").items():
            slots = [int(slot) for slot in re.findall(r"slot (\d+)", path)]
            handle = sum(slot << 6 * level for level, slot in enumerate(reversed(slots)))
            assert name == f"handle {handle}"
            assert len(slots) == pool["height"]
            assert path.startswith(f"node {pool['rnode']} ")
            assert path.endswith(f"pfn {pfn}")

    def test_of_a_machine_without_bytes_show_no_bytes(self):
        machine = Machine(frames=FRAMES, page_bytes=False)
        handle = machine.zbud_alloc(2000)
        machine.zbud_map(handle)
        (pfn,) = zbud_frames(machine)
        told = details.details(machine, pfn)
        assert "pinned" in told["title"]
        assert not [name for name, _ in told["parts"] if "bytes" in name]
        assert "handle 1" in told["title"]


class TestSummary:
    def test_counts_frames_and_large_blocks(self):
        machine = Machine(frames=FRAMES)
        assert details.summary(machine) == (
            "4096 page frames: 4096 free. Largest free block of order 10, 8 free blocks of order 9."
        )
        machine.alloc_pages(0)
        assert "4095 free; 1 kernel. Largest free block of order 10, 7 free" in details.summary(
            machine
        )

    def test_bookkeeping_is_what_zswap_keeps_beside_the_frames(self):
        machine = Machine(frames=64, page_bytes=False, max_pool_percent=50)
        assert details.bookkeeping(machine) == "0 bytes outside the frames: 0 entries, 0 tree nodes"
        process = machine.create_process(100)
        machine.touch(process, range(100), write=True)
        entries = machine.swap.counters()["stored_pages"]
        nodes = -(-int(machine.state.pools["last_handle"].max() + 1) // layout.RADIX_TREE_MAP_SIZE)
        nodes += nodes > 1  # the root above them
        told = details.bookkeeping(machine)
        assert entries > 20
        assert told.endswith(f"frames: {entries} entries, {details.counted(nodes, 'tree node')}")
        machine.exit(process)
        assert details.bookkeeping(machine).endswith("frames: 0 entries, 0 tree nodes")


def test_how_a_page_of_a_process_came_and_why_zswap_refused_it():
    machine = Machine(frames=512, threads=1)
    process = machine.create_process(40)
    noise = np.random.default_rng(1).integers(256, size=(40, layout.PAGE_SIZE), dtype=np.uint8)
    machine.write(process, 0, noise)
    fresh = part(machine, machine.explain(process, 7).number, "page of a process")
    assert fresh == {"arrival": "Its first touch gave it a zeroed frame"}
    machine.reclaim(40)
    machine.touch(process, [7])
    rows = part(machine, machine.explain(process, 7).number, "page of a process")
    assert rows["arrival"] == "It was read back from the swap device"
    assert rows["refusal"].startswith("zswap refused it earlier because it compressed poorly")


@pytest.mark.parametrize(
    "settings", [{}, {"profile": "6.1", "zpool": "z3fold"}, {"profile": "7.3"}]
)
def test_a_pool_page_names_the_pages_that_are_stored_in_it(settings):
    machine = Machine(frames=512, threads=1, **settings)
    process = machine.create_process(40)
    machine.write(process, 0, corpus.pages("text", 40))
    machine.reclaim(40)
    stored = [
        each for each in (machine.explain(process, page) for page in range(40)) if each.frames
    ]
    assert stored
    for pfn in {frame for each in stored for frame in each.frames}:
        rows = part(machine, pfn, "pages stored here")
        assert rows == {
            f"page {each.page} of process {process}": f"swap slot {each.number}: {each.stored}"
            for each in stored
            if pfn in each.frames
        }
