"""A few zbud pages that are about to be moved, for the notebook about migration."""

from collections.abc import Iterator

from zbudlab.history import History
from zbudlab.layout import CHUNK_SHIFT
from zbudlab.lessons.scattered import zbud_frames
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm import zbud
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
