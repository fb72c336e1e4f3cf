"""Whole pages copied, as migration does it."""

import numpy as np

from benchmarks import drivers
from benchmarks.item import ALIKE, KERNEL, Case, Setup, Step, item
from benchmarks.machines import SEED
from benchmarks.reference import Library, zeroed
from zbudlab import layout

PAGES = 65536


@item("page-copy")
def page_copy(setup: Setup) -> Case:
    """Copy pages between random frames of 1 GiB, in a batch."""
    span = PAGES if setup.short else 4 * PAGES
    frames = zeroed((span, layout.PAGE_SIZE), np.uint8)
    frames[:, 0] = np.arange(span) % 127
    draw = np.random.default_rng(SEED)
    new = np.zeros(span // 4, np.uint32)
    old = new.copy()

    def prepare() -> None:
        order = draw.permutation(span)
        new[:] = order[: len(new)]
        old[:] = order[-len(old) :]

    step = Step(
        f"page copy, random of {span >> 8} MiB",
        len(new),
        lambda: drivers.copy_pages(frames, new, old),
        must={KERNEL: 0.95},
        aim={KERNEL: 1.25},
    )
    if setup.with_c:
        c, alike = Library("reference.c"), Library("alike/alike.c")
        step.theirs[KERNEL] = lambda: c.copy_pages(frames, new, old, len(new))
        step.theirs[ALIKE] = lambda: alike.copy_pages(frames, new, old, len(new))
    return Case(prepare, [step])
