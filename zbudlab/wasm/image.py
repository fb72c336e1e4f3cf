"""A machine as bytes that a host without Python puts into linear memory and runs on."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.layout import PAGE_SIZE
from zbudlab.machine import Machine
from zbudlab.mm.state import State, grown

ALIGNED = 64  #: bytes; arrays begin at multiples of it
HANDLES_PER_NODE = 32  #: a tree over handles given out in sequence has a leaf for 64 of them
SPARE_NODES = 64
MOST_BYTES = 1 << 22  #: of the page frames of a machine with page bytes


class Image(NamedTuple):
    """A machine in one array.

    data: uint8 (bytes,), all arrays. description: `arrays`, for each array of `mem` its first byte
    and its shape; `frames`; `processes` created so far; `bytes`; for a machine with a CMA area
    `cma`, the first bytes of its record and of its bitmap, and the number of bits.
    """

    data: np.ndarray
    description: dict[str, Any]


def image(
    machine: Machine, *, processes: int = 0, pages: int = 0, objects: int = 0, stored: int = 0
) -> Image:
    """Return the image of a machine.

    processes, pages, objects: for how many more processes, pages of processes and zbud objects to
    leave room. stored: for how many pages in zswap in addition, whatever their order. ValueError
    for a machine whose page bytes are too large.
    """
    if machine.config.page_bytes and machine.config.frames * PAGE_SIZE > MOST_BYTES:
        raise ValueError(
            f"a page can hold {MOST_BYTES // PAGE_SIZE} page frames with their bytes, not "
            f"{machine.config.frames}: use page_bytes=False"
        )
    arrays = _with_room(machine.state, processes, pages, objects, stored)
    places, end = _places(arrays)
    area = (machine.cma, machine.cma_bitmap) if len(machine.cma_bitmap) else ()
    cma = [end, end + ALIGNED, len(machine.cma_bitmap)]
    end += sum(-(-array.nbytes // ALIGNED) * ALIGNED for array in area)
    data = np.zeros(end, np.uint8)
    for start, array in zip(cma, area, strict=False):
        data[start : start + array.nbytes] = array.view(np.uint8)
    for name, array in arrays.items():
        start = places[name][0]
        data[start : start + array.nbytes] = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
    born = int(np.count_nonzero(machine.state.processes["nr_pages"]))
    ordered = {name: places[name] for name in arrays}
    sizes = {"frames": machine.config.frames, "processes": born, "bytes": end}
    return Image(data, {"arrays": ordered, **sizes, **({"cma": cma} if area else {})})


def _with_room(
    state: State, processes: int, pages: int, objects: int, stored: int
) -> dict[str, NDArray[Any]]:
    """Return the arrays of a machine by name, some of them grown as for `image`."""
    arrays = state.mem._asdict()
    more = int(state.nodes[0]["count"]) + objects // HANDLES_PER_NODE + SPARE_NODES + stored
    arrays["entries"] = grown(state.zswap_entries, len(state.zswap_entries) + stored)
    arrays["nodes"] = grown(state.nodes, more)
    arrays["processes"] = grown(state.processes, len(state.processes) + processes)
    arrays["ptes"] = grown(state.ptes, len(state.ptes) + pages)
    return arrays


def _places(arrays: dict[str, NDArray[Any]]) -> tuple[dict[str, list[int]], int]:
    """Return where each array begins, with its shape, and where the last one ends, in bytes."""
    places: dict[str, list[int]] = {}
    end = 0
    for name, array in arrays.items():
        if name != "frames":  # the same bytes as `rows`
            places[name] = [end, *array.shape]
            end += -(-array.nbytes // ALIGNED) * ALIGNED
    places["frames"] = [places["rows"][0], *arrays["frames"].shape]
    return places, end
