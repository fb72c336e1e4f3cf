"""Memory filled page by page and thinned out again, for the notebook about fragmentation."""

import numpy as np

from zbudlab.machine import Machine

PATTERNS = ("at random", "every other", "from the start")


def thinned(
    frames: int = 4096,
    freed: int = 50,
    unmovable: int = 0,
    pattern: str = "at random",
    seed: int = 0,
) -> Machine:
    """Return a machine whose frames were all allocated one by one, and some of them freed again.

    freed: percent of the frames that are freed. unmovable: percent allocated as unmovable, the
    others as movable. pattern: which are freed, one of PATTERNS; "every other" spreads them evenly.
    ValueError for any other pattern.
    """
    if pattern not in PATTERNS:
        raise ValueError(f"pattern must be one of {', '.join(PATTERNS)}, not {pattern!r}")
    machine = Machine(frames=frames, page_bytes=False, log=False, seed=seed)
    random = np.random.Generator(np.random.PCG64(seed))
    asked_unmovable = random.random(frames) * 100 < unmovable
    pages: list[int] = []
    while int(machine.state.zone["nr_free_pages"]):
        kind = "unmovable" if asked_unmovable[len(pages)] else "movable"
        pages.append(machine.alloc_pages(0, kind, direct=False))
    count = len(pages) * freed // 100
    for pfn in _victims(sorted(pages), count, pattern, random):
        machine.free_pages(pfn)
    return machine


def _victims(pages: list[int], count: int, pattern: str, random: np.random.Generator) -> list[int]:
    """Return the frames to free."""
    if pattern == "at random":
        return random.permutation(pages)[:count].tolist()
    if pattern == "from the start":
        return pages[:count]
    return [pages[int(place)] for place in np.linspace(0, len(pages) - 1, count)]
