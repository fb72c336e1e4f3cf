"""CMA as drivers meet it: ranges of the area, requests for pages, and what blocks them."""

import re

import numpy as np

from zbudlab import layout
from zbudlab.io.values import shown
from zbudlab.machine.checks import PINS, frame_in_use
from zbudlab.machine.core import Core
from zbudlab.machine.errors import ConfigError, MachineError, invalid
from zbudlab.mm import cma, inspection

SIZE = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([KMGkmg]?)")
SHIFTS = {"": 0, "K": 10, "M": 20, "G": 30}
#: What keeps a page of the area where it is, in words.
BLOCKERS = {
    "pin": "page that a driver has pinned",
    "buffers": "page whose buffers are in use",
    "file": "page of a file that may not move now",
    "mapped": "zbud page with a mapped object",
    "unmovable": "zbud page on a machine whose zbud pages cannot move",
    "taken": "page of an earlier request",
}


def _bytes(word: str, text: str) -> int:
    found = SIZE.fullmatch(word)
    if found is None:
        raise ConfigError(
            f"cma takes SIZE[@START[-END]] such as 64M or 16M@0-128M, not {shown(text)}"
        )
    return int(found[1], 0) << SHIFTS[found[2].upper()]


def cma_parameter(text: str, frames: int) -> dict[str, int]:
    """Return the settings of a machine for the kernel's boot parameter cma=.

    text: SIZE[@START[-END]] in bytes, with K, M or G. Sizes are rounded up to whole blocks of the
    largest order. Without START the area is at the end of memory; with END it is as high as it can
    be below END. frames: of the machine. Raises ConfigError for text of another form and for an
    area that does not fit into memory.

    Source: kernel/dma/contiguous.c, early_cma and dma_contiguous_reserve; mm/cma.c,
    cma_declare_contiguous_nid (v6.6).
    """
    if not isinstance(text, str):
        raise ConfigError(f"cma takes text such as 64M, not {shown(text)}")
    size, at, place = text.strip().partition("@")
    block = layout.MAX_ORDER_NR_PAGES
    pages = -(-_bytes(size, text) // layout.PAGE_SIZE // block) * block
    if not pages:
        return {"cma_pages": 0}
    if not at:
        return {"cma_pages": pages}
    low, to, high = place.partition("-")
    start = _bytes(low, text) // layout.PAGE_SIZE
    if to:
        end = min(_bytes(high, text) // layout.PAGE_SIZE, frames)
        start = max(start, (end - pages) // block * block)
    if start % block or start + pages > (end if to else frames):
        raise ConfigError(
            f"cma={text}: {frames} frames have no room for {pages} pages, aligned to {block}"
        )
    return {"cma_pages": pages, "cma_start": start}


def blockers(machine: Core, start: int, end: int) -> dict[str, int]:
    """Count the pages of a range that cannot move, by kind (see BLOCKERS)."""
    cells = inspection.frame_cells(machine.state)[start:end]
    kinds = cells & layout.FRAME_KIND_MASK
    held = cells & layout.FRAME_PINNED != 0
    counts = dict.fromkeys(BLOCKERS, 0)
    for pfn in (np.flatnonzero((kinds == layout.FRAME_ANON) & held) + start).tolist():
        counts[_why_held(machine, pfn)] += 1
    in_pool = np.isin(kinds, layout.POOL_KINDS)
    movable = bool(machine.state.zone["zpool_movable"])
    counts["mapped"] = int((in_pool & held).sum()) if movable else 0
    counts["unmovable"] = 0 if movable else int(in_pool.sum())
    counts["taken"] = int((kinds == layout.FRAME_KERNEL).sum())
    return counts


def _why_held(machine: Core, pfn: int) -> str:
    """Return the kind of pin of a frame; of several, the last in PINS."""
    kinds = [kind for kind, name in enumerate(PINS) if machine.pin_kinds[pfn, kind]]
    return PINS[kinds[-1]] if kinds else "pin"


def in_words(counts: dict[str, int]) -> str:
    """Return what blocks a range: "2 pages that ...", with the kinds that are there."""
    words = [
        f"{count} {BLOCKERS[kind].replace('page', 'pages', 1)}"
        if count > 1
        else f"a {BLOCKERS[kind]}"
        for kind, count in counts.items()
        if count
    ]
    return ", ".join(words) or "nothing that stays: the pages had no frame to move to"


class ContiguousMemory(Core):
    """The methods for CMA of a machine."""

    def operate(self, name: str, *arguments: int) -> int:
        """Run one operation by its name in the log (see `Machine`)."""
        raise NotImplementedError

    def pin(self, pfn: int, kind: str = "pin") -> None:
        """Take a reference to a page frame in use, which keeps its page from moving.

        kind: what holds it, as messages about CMA say it: "pin" (a driver, for DMA), "buffers" (of
        a file system) or "file" (a page of a file under I/O).
        """
        if not isinstance(kind, str) or kind not in PINS:
            raise invalid(f"kind must be one of {', '.join(PINS)}, not {shown(kind)}")
        frame_in_use(self, pfn)
        number = PINS.index(kind)
        self.operate("pin_as", pfn, number) if number else self.operate("pin", pfn)

    def unpin(self, pfn: int) -> None:
        """Drop a reference that `pin` took; references without a kind are dropped first."""
        frame_in_use(self, pfn)
        self.operate("unpin", pfn)

    def alloc_contig_range(self, start: int, end: int) -> None:
        """Allocate the frames [start, end) of the CMA area, after moving pages out of them.

        The bitmap of `cma_alloc` is neither read nor changed, as in the kernel. Raises MachineError
        and changes nothing: EBUSY if a page could not be moved, ENOMEM if there was no frame to
        move it to, EINVAL if this is not a range of the CMA area.
        """
        result = self.operate("alloc_contig_range", start, end)
        if result < 0:
            first, last = self.cma_area
            area = f"{first} to {last - 1}" if last > first else "empty"
            why = f"; in the way: {in_words(blockers(self, start, end))}"
            raise MachineError(
                -result,
                f"cannot take page frames {start} to {end - 1} (the CMA area is {area})"
                f"{why if result == -layout.EBUSY else ''}",
            )

    def free_contig_range(self, start: int, end: int) -> None:
        """Free frames that `alloc_contig_range` allocated."""
        self.operate("free_contig_range", start, end)

    def cma_alloc(self, count: int, *, align: int = 0) -> int:
        """Allocate `count` contiguous pages of the CMA area, and return the first frame.

        align: the frame is a multiple of 2^align. The first run that is free in the area's bitmap
        is emptied; if a page there cannot move, the next one is tried. Raises MachineError: EBUSY
        if every run had such a page, ENOMEM if no run is free, if the area is smaller than the
        request, or if there was no frame to move a page to.
        """
        result = self.operate("cma_alloc", count, align)
        if result < 0:
            raise MachineError(
                -result, f"cannot allocate {count} pages of CMA: {self._why(result, count, align)}"
            )
        return result

    def _why(self, result: int, count: int, align: int) -> str:
        """Return why a request for the area failed."""
        first, last = self.cma_area
        if count > last - first:
            return f"the area has {last - first}"
        if result == -layout.EBUSY:
            return f"in every free run of the area a page stays; {in_words(self.cma_blockers())}"
        free = self.cma_bitmap == 0
        if cma.cma_find(self.cma, self.cma_bitmap, 0, count, align) >= 0:
            return "there is no frame to move a page to"
        aligned = f" aligned to {1 << align} pages" if align else ""
        return (
            f"no run of that size{aligned} is free in the area's bitmap: {int(free.sum())} of "
            f"{len(free)} bits are free, the longest run is {longest_run(free)}"
        )

    def cma_release(self, pfn: int, count: int) -> None:
        """Free pages that `cma_alloc` allocated. MachineError(EINVAL) if it did not."""
        self.operate("cma_release", pfn, count)

    def cma_blockers(self) -> dict[str, int]:
        """Count the pages of the CMA area that cannot move, by kind (see `machine.cma.BLOCKERS`).

        Pages that `cma_alloc` allocated are not counted.
        """
        first, last = self.cma_area
        counts = blockers(self, first, last)
        cells = inspection.frame_kinds(self.state)[first:last] == layout.FRAME_KERNEL
        asked = np.repeat(self.cma_bitmap, 1 << self.config.cma_order_per_bit) != 0
        counts["taken"] -= int((cells & asked).sum())
        return counts


def longest_run(free: np.ndarray) -> int:
    """Return the length of the longest run of true values, bool (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.view(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
