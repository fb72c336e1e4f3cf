"""Zones of memory as Linux describes them, and the two indices of fragmentation."""

from dataclasses import dataclass, field

#: Zones in the order in which addresses grow; a request falls back to those before its highest.
ZONE_NAMES = ("DMA", "DMA32", "Normal", "HighMem", "Movable", "Device")


class HostError(OSError):
    """The memory of a Linux host cannot be read, or has no such zone."""


def free_pages(blocks: list[int]) -> int:
    """Return the number of pages in free blocks that are counted by order."""
    return sum(count << order for order, count in enumerate(blocks))


def suitable_blocks(blocks: list[int], order: int) -> int:
    """Return how many blocks of `order` the free blocks of that order and larger ones hold."""
    return sum(count << (above - order) for above, count in enumerate(blocks) if above >= order)


def fragmentation_index(blocks: list[int], order: int) -> float:
    """Return why a request of `order` fails: near 0 memory is short, near 1 it is scattered.

    Return -1 if a free block is large enough, 0 if nothing is free. Values below 0 otherwise mean
    that all free pages together are fewer than one block.

    Source: mm/vmstat.c, fragmentation_index (v3.12); unchanged up to 6.x.
    """
    total = sum(blocks)
    if total == 0:
        return 0.0
    if suitable_blocks(blocks, order):
        return -1.0
    return (1000 - (1000 + free_pages(blocks) * 1000 // (1 << order)) // total) / 1000


def unusable_index(blocks: list[int], order: int) -> float:
    """Return the share of free pages in blocks smaller than `order`; 1 if nothing is free.

    Source: mm/vmstat.c, unusable_free_index (v3.12); unchanged up to 6.x.
    """
    free = free_pages(blocks)
    if free == 0:
        return 1.0
    return (free - (suitable_blocks(blocks, order) << order)) * 1000 // free / 1000


@dataclass
class Zone:
    """One zone of one node. All sizes are in pages, 0 if not known.

    free: free blocks by order. by_type: the same by the kernel's migrate types. pageblocks:
    pageblocks by migrate type. letters: for each order, the letters of the migrate types whose
    free lists are not empty, as an allocation failure report prints them. counts: watermarks and
    other counters by the kernel's names (min, low, high, free_cma, active_file, ...). reserve:
    pages kept from requests for each higher zone (lowmem_reserve).
    """

    node: int
    name: str
    free: list[int]
    managed: int = 0
    present: int = 0
    spanned: int = 0
    by_type: dict[str, list[int]] = field(default_factory=dict)
    pageblocks: dict[str, int] = field(default_factory=dict)
    pageblock_order: int = 9
    letters: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    reserve: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return f"node {self.node}, zone {self.name}"

    @property
    def free_pages(self) -> int:
        """Pages in free blocks."""
        return free_pages(self.free)

    @property
    def size(self) -> int:
        """Pages managed by the page allocator; kernels before 3.9 report only present pages."""
        return self.managed or self.present

    @property
    def reserved_high_atomic(self) -> int:
        """Pages kept for requests that cannot wait: those that are free, if the kernel counts them.

        Kernels before 6.13 count whole pageblocks and treat all of their pages as free.
        """
        blocks = self.pageblocks.get("HighAtomic", 0) << self.pageblock_order
        reserved = self.counts.get("reserved_highatomic", blocks)
        return self.counts.get("free_highatomic", reserved)

    @property
    def machine_blocks(self) -> dict[str, list[int]]:
        """Free blocks by type for a simulated machine; all movable if the types are not known."""
        return self.by_type or {"Movable": self.free}

    @property
    def nr_pageblocks(self) -> int:
        """Pageblocks as the kernel counts them, or as the zone's size needs them; 0 = unknown."""
        pages = sum(free_pages(blocks) for blocks in self.machine_blocks.values())
        size = max(self.size, pages) if self.size else 0
        return sum(self.pageblocks.values()) or -(-size // (1 << self.pageblock_order))

    def fragmentation_index(self) -> list[float]:
        """Return the fragmentation index of each order."""
        return [fragmentation_index(self.free, order) for order in range(len(self.free))]

    def unusable_index(self) -> list[float]:
        """Return the unusable index of each order."""
        return [unusable_index(self.free, order) for order in range(len(self.free))]
