"""Say what each operation of zbud did and why."""

import numpy as np

from zbudlab import layout
from zbudlab.history.changes import Moment, list_name
from zbudlab.history.sentences import Transition, error_name, explains, plural
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm.zbud_header import home_list, num_free_chunks, size_to_chunks


def handle_page(moment: Moment, handle: int, pool: int = LAB_POOL) -> int:
    """Return the page frame that holds a handle's object; -1 if none does."""
    if moment.pools[pool]["variant"] != layout.ZBUD_SERIES:
        return handle >> layout.NCHUNKS_ORDER
    zbud = moment.pages["mapcount"][: len(moment.frames)] == layout.PAGE_ZBUD_MAPCOUNT_VALUE
    pfns = np.flatnonzero(zbud & (moment.pages["private"][: len(moment.frames)] == pool))
    headers = moment.rows[pfns << int(moment.pools[0]["row_shift"])]
    found = pfns[(headers["first_handle"] == handle) | (headers["last_handle"] == handle)]
    return int(found[0]) if len(found) else -1


@explains("zbud_alloc")
def _zbud_alloc(step: Transition) -> str:
    chunks = int(size_to_chunks(step.arguments[0]))
    size = f"{step.arguments[0]} bytes are {plural(chunks, 'chunk')}"
    if step.result < 0:
        reason = {
            layout.ENOSPC: f"more than the {layout.NCHUNKS - 2} that fit in a zbud page",
            layout.ENOMEM: "and there is no frame for a new zbud page",
        }.get(-step.result, "which is not a valid size")
        return f"{size}, {reason}: zbud answers {error_name(-step.result)}."
    pfn = handle_page(step.after, step.result)
    return f"{size}; {_hole(step, pfn, chunks)}. Its handle is {step.result}."


def _hole(step: Transition, pfn: int, chunks: int) -> str:
    """Say where an object went, and why there."""
    if step.before.pages[pfn]["mapcount"] != layout.PAGE_ZBUD_MAPCOUNT_VALUE:
        return (
            f"no list from {chunks} chunks up holds a page, so zbud takes a fresh frame, {pfn}, "
            "and puts the object right after its header"
        )
    header, new = step.before.header(pfn), step.after.header(pfn)
    free = int(num_free_chunks(header))
    end = "last" if not header["last_chunks"] and new["last_chunks"] else "first"
    return (
        f"the list of {free} free chunks is the first from {chunks} up that holds a page: the "
        f"object becomes the {end} buddy of page {pfn}, which goes to the buddied list"
    )


@explains("zbud_free", "zbud_unmap")
def _zbud_free(step: Transition) -> str:
    handle = step.arguments[0]
    pfn = handle_page(step.before, handle)
    if pfn < 0:
        return f"There is no handle {handle}: {error_name(-step.result)}."
    if handle_page(step.after, handle) == pfn:
        done = (
            "is freed, but still mapped, so it"
            if step.name == "zbud_free"
            else "is unmapped and, as its owner keeps it,"
        )
        return f"The object of handle {handle} {done} stays in page {pfn}."
    return f"The object of handle {handle} leaves page {pfn}; {_left(step, pfn)}."


def _left(step: Transition, pfn: int) -> str:
    """Say what is left of a zbud page that lost an object."""
    if step.after.pages[pfn]["mapcount"] != layout.PAGE_ZBUD_MAPCOUNT_VALUE:
        return "it was the only one, so the frame goes back to the page allocator"
    header = step.after.header(pfn)
    if not header["first_chunks"] and not header["last_chunks"]:
        return "the page is empty but has another holder, so the frame stays"
    home = list_name(int(home_list(header)))
    return f"the other one stays, and the page moves to the {home}"


@explains("zbud_map")
def _zbud_map(step: Transition) -> str:
    pfn = step.result >> layout.NCHUNKS_ORDER
    return (
        f"Handle {step.arguments[0]} is mapped: its object is in page {pfn} from chunk "
        f"{step.result & (layout.NCHUNKS - 1)} on, and one more reference keeps that page in place."
    )
