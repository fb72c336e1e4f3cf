"""The gain from a second thread: pages compressed in a batch, in wall time."""

import numpy as np

from benchmarks.item import Call, Case, Setup, Step, item
from benchmarks.items.zswap import real_pages
from benchmarks.machines import touch
from zbudlab.content.compressors import compress_pages, compressor

ONE = "1 thread"
METHODS = ("lz4", "zstd")


@item("threads")
def threads(setup: Setup) -> Case:
    """Compare two threads with one; the run ends unless they give the same bytes."""
    pages = real_pages(setup)
    made: list[tuple[np.ndarray, np.ndarray]] = []

    def step(name: str) -> Step:
        outs = [np.zeros_like(pages) for _ in range(2)]
        made.append((outs[0], outs[1]))
        for out in outs:
            touch(out)

        def compress(count: int) -> Call:
            using, out = compressor(name), outs[count - 1]
            return lambda: int(compress_pages(using, pages, out, count).sum())

        return Step(
            f"{name} of {len(pages)} pages, 2 threads, wall clock",
            len(pages),
            compress(2),
            {ONE: compress(1)},
            wall=True,
        )

    def prepare() -> None:
        for one, two in made:
            if not np.array_equal(one, two):
                raise SystemExit("threads: two threads gave other bytes than one")
            one[:] = two[:] = 0

    return Case(prepare, [step(name) for name in METHODS])
