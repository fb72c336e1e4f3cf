"""A few pages of zbud or zsmalloc that are about to be moved, for notebooks about migration."""

from collections.abc import Iterator

import numpy as np

from zbudlab.history import History
from zbudlab.layout import CHUNK_SHIFT, OBJ_INDEX_BITS, OBJ_INDEX_MASK, PAGE_SIZE
from zbudlab.lessons.scattered import zbud_frames
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm import zbud, zpool_reader
from zbudlab.mm.zbud_header import buddy_address, handle_buddy, handle_pfn, header_row

SIZES = (
    1500,
    2000,
    3000,
    1800,
    1700,
)  #: of objects, bytes: pages 1 and 3 get two, page 2 one
NEIGHBOURS = 60  #: pages of a process that fills memory in between


def three_pages() -> Machine:
    """Return a machine of 128 frames with three zbud pages low in memory and free frames above.

    Handles 1 and 2 share a page, handle 3 has a page alone, handles 4 and 5 share one. Nothing has
    moved yet.
    """
    machine = Machine(frames=128, pageblock_order=4)
    for size in SIZES[:3]:
        machine.zbud_alloc(size)
    process = machine.create_process(NEIGHBOURS)
    machine.touch(process, range(NEIGHBOURS), write=True)
    for size in SIZES[3:]:
        machine.zbud_alloc(size)
    machine.exit(process)
    return machine


def where(machine: Machine) -> str:
    """Return in two lines the frames of zbud pages and the byte address of each handle."""
    pool, state = machine.state.pools[LAB_POOL], machine.state
    addresses = []
    for handle in range(1, len(SIZES) + 1):
        pfn = frame_of(machine, handle)
        header = state.rows[header_row(pool, pfn)]
        chunk = buddy_address(pfn, header, handle_buddy(pool, header, handle))
        addresses.append(f"{handle}: {chunk << CHUNK_SHIFT}")
    return f"zbud pages in frames {zbud_frames(machine)}\nhandles at {', '.join(addresses)}"


def frame_of(machine: Machine, handle: int) -> int:
    """Return the page frame of a handle's object."""
    return int(handle_pfn(machine.state.pools[LAB_POOL], machine.state.nodes, handle))


def unmap_in(machine: Machine, handle: int, pfn: int) -> None:
    """Run the part of `zbud_unmap` after the lookup, as if that had found page frame `pfn`.

    In version 2 of the series the page may have moved since the lookup.
    """
    with machine.replaced(handle_pfn=lambda pool, nodes, handle: pfn):
        zbud.zbud_unmap(machine.state.mem, LAB_POOL, handle)


def pages_counted(machine: Machine) -> str:
    """Say how many pages zbud counts (`pages_nr`) and how many it really has."""
    counted = int(machine.state.pools[LAB_POOL]["pages_nr"])
    return f"zbud counts {counted} pages and has {len(zbud_frames(machine))}"


def parts_of_move(history: History, old: int) -> Iterator[tuple[str, str]]:
    """Yield the parts of the first compaction that moved the page in frame `old`.

    Each is the name of the part and a sentence about it.
    """
    stop = history.find("migration", 0)
    if stop is None:
        return
    inside = history.inside(stop)
    moving = False
    for number, part in enumerate(inside.parts, 1):
        if part.stage == "target":
            moving = f"Frames {old} and" in inside.explain(number + 1).sentence
        elif part.stage == "isolate":
            moving = False
        if moving:
            yield part.stage, inside.explain(number).sentence


# --- zsmalloc ----------------------------------------------------------------------------------

STORED, OBJECT = 16, 1480  #: pages in zswap, and the bytes of each that do not compress
BATCH, BATCHES = 9, 6  #: pages of a program that fills memory, at a time


def two_zspages(seed: int = 0) -> Machine:
    """Return a machine of today with two zspages low in memory and free frames above them.

    Each is a chain of three pages with eight objects. Nothing has moved yet.
    """
    machine = Machine(
        frames=128, profile="7.3", pageblock_order=4, threads=1, min_free=4, max_pool_percent=60
    )
    random = np.random.Generator(np.random.PCG64(seed))
    pages = np.zeros((STORED, PAGE_SIZE), np.uint8)
    pages[:, :OBJECT] = random.integers(0, 256, (STORED, OBJECT))
    owner = machine.create_process(STORED)
    machine.write(owner, 0, pages)
    machine.reclaim(STORED)
    passing, staying = machine.create_process(BATCH * BATCHES), machine.create_process(BATCHES)
    for batch in range(BATCHES):
        machine.touch(passing, range(batch * BATCH, (batch + 1) * BATCH), write=True)
        machine.touch(staying, [batch], write=True)
    machine.exit(passing)
    return machine


def places(machine: Machine) -> dict[int, tuple[int, int]]:
    """Return the frame and the number of each object of zsmalloc, by handle."""
    handles = machine.state.handles[: int(machine.state.arenas["unused_handle"][0])]
    return {
        handle: (int(handles[handle]) >> OBJ_INDEX_BITS, int(handles[handle]) & OBJ_INDEX_MASK)
        for handle in np.flatnonzero(handles > 0).tolist()
    }


def chains(machine: Machine) -> list[list[int]]:
    """Return the frames of each zspage, in its order."""
    frames = np.flatnonzero(zpool_reader.pool_pages(machine.state.pages))
    found = []
    for zspage in np.unique(machine.state.pages["index"][frames]).tolist():
        record = machine.state.zspages[zspage]
        count = int(machine.state.size_classes["pages_per_zspage"][record["size_class"]])
        found.append(record["chain"][:count].tolist())
    return found
