"""zswap with page bytes: real pages compressed with LZ4, stored, and loaded again.

The pages come from the library files of Python. One thread compresses, and both sides call the same
functions of the C library in the package `lz4`: two builds of it differ by more than two engines.
"""

import sys

import numpy as np

from benchmarks.item import KERNEL, Call, Case, Setup, Step, item
from benchmarks.machines import frames_for, machine, nodes_for, touch
from benchmarks.reference import Reference
from zbudlab import layout
from zbudlab.content.compressors import compressor
from zbudlab.content.sources import read_content
from zbudlab.mm import zswap
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import Swap

LZ4 = compressor("lz4")
#: The addresses of its C functions; 0 where they are hidden, as on Windows.
CODEC = tuple(getattr(LZ4, name, 0) for name in ("c_compress", "c_decompress"))


class Store:
    """A side that stores pages in consecutive slots and loads them into rows of `out`."""

    def __init__(self, pages: np.ndarray) -> None:
        self.pages = pages
        self.out = np.empty_like(pages)
        touch(self.out)
        self.loaded = False

    def prepare(self) -> None:
        """Check that the last load returned every page, and forget what is stored."""
        if self.loaded and not np.array_equal(self.out, self.pages):
            raise SystemExit(f"{type(self).__name__}: a page came back with other bytes")
        self.loaded = True
        self.out[:] = 0
        self.forget()

    def forget(self) -> None:
        """Free everything that is stored."""
        raise NotImplementedError


class Ours(Store):
    """`Swap` on a machine."""

    def __init__(self, pages: np.ndarray) -> None:
        super().__init__(pages)
        count = len(pages)
        self.state = machine(frames_for(count), layout.ZBUD_SERIES, nodes=nodes_for(count))
        self.swap = Swap(self.state, ZswapSettings(max_pool_percent=100), compressor=LZ4)
        self.swap.swapon(0, count)
        self.slots = self.swap.get_swap_pages(count)

    def forget(self) -> None:
        """Free everything that is stored."""
        zswap.zswap_invalidate_area(self.state.mem, 0)

    def store(self) -> int:
        """Store all pages; return the bytes stored plus the pages of the pool."""
        self.swap.store_batch(self.slots, self.pages)
        zswap = self.state.zswaps[0]
        return int(zswap["compressed_bytes"] + zswap["pool_pages"])

    def load(self) -> int:
        """Load all pages; return how many came from zswap."""
        reads = self.swap.device.reads
        errors = self.swap.load_batch(self.slots, self.out)
        return int(np.count_nonzero(errors == 0)) - (self.swap.device.reads - reads)


class Theirs(Store):
    """The kernel's zswap in C."""

    def __init__(self, pages: np.ndarray) -> None:
        super().__init__(pages)
        count = len(pages)
        self.c = Reference(frames_for(count), nodes=nodes_for(count), source="zswap.c")
        self.c.use_codec(*CODEC)
        self.entries = np.zeros(count * self.c.sizeof_entry(), np.uint8)
        self.device = np.empty_like(pages)
        touch(self.device)

    def forget(self) -> None:
        """Free everything that is stored."""
        self.c.invalidate(self.entries, len(self.pages))

    def store(self) -> int:
        """Store all pages; return the bytes stored plus the pages of the pool."""
        return self.c.store(self.entries, self.pages, self.device, len(self.pages))

    def load(self) -> int:
        """Load all pages; return how many came from zswap."""
        return self.c.load(self.entries, self.out, self.device, len(self.pages))


def real_pages(setup: Setup) -> np.ndarray:
    """Return pages of files, uint8 (n, 4096)."""
    return read_content(None, 500 if setup.short else 4000).pages


@item("zswap")
def store_and_load(setup: Setup) -> Case:
    """Store real pages, then load them, each as one batch."""
    pages = real_pages(setup)
    sides: list[Store] = [Ours(pages)]
    ours = sides[0]
    steps = [
        Step("zswap store, LZ4", len(pages), ours.store, must={KERNEL: 0.9}, aim={KERNEL: 0.95}),
        Step("zswap load, LZ4", len(pages), ours.load, must={KERNEL: 0.9}, aim={KERNEL: 0.95}),
    ]
    if setup.with_c and all(CODEC):
        theirs = Theirs(pages)
        sides.append(theirs)
        calls: list[Call] = [theirs.store, theirs.load]
        for step, call in zip(steps, calls, strict=True):
            step.theirs[KERNEL] = call
    elif setup.with_c:
        print("the C library of the package lz4 is hidden: zswap alone", file=sys.stderr)

    def prepare() -> None:
        for side in sides:
            side.prepare()

    return Case(prepare, steps, passes=2)
