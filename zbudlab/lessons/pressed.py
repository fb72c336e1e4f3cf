"""One process larger than memory, on a machine with zswap, for the notebook about pressure."""

from dataclasses import dataclass

import numpy as np

from zbudlab.content import corpus
from zbudlab.content.compressors import compress_pages
from zbudlab.content.compressors import compressor as find_compressor
from zbudlab.layout import PTE_PRESENT, PTE_SWAP, TOO_LONG
from zbudlab.machine import Machine


@dataclass(frozen=True)
class PageLocations:
    """The locations of a process's pages, and how its last accesses were served.

    memory, zswap, device: pages. pool: frames of zswap's pool. faults: accesses of swapped out
    pages; from_device: those that read the device.
    """

    memory: int
    zswap: int
    device: int
    pool: int
    faults: int
    from_device: int

    def __str__(self) -> str:
        return (
            f"{self.memory} pages in memory, {self.zswap} in zswap ({self.pool} frames), "
            f"{self.device} on the device; of {self.faults} faults {self.from_device} read it"
        )


def lengths_of(recipe: str, pages: int, compressor: str = "lz4", seed: int = 0) -> np.ndarray:
    """Return compressed lengths in bytes of pages of a recipe, int32 (pages,).

    A page that does not get shorter has TOO_LONG.
    """
    return compressed_lengths(corpus.pages(recipe, pages, seed), compressor)


def compressed_lengths(content: np.ndarray, compressor: str = "lz4") -> np.ndarray:
    """Return compressed lengths of pages, uint8 (n, PAGE_SIZE), as `lengths_of` does."""
    lengths = compress_pages(find_compressor(compressor), content, np.zeros_like(content), 1)
    return np.where(lengths < 0, TOO_LONG, lengths)


def pressed(
    recipe: str = "mixed",
    pages: int = 1600,
    pool: int = 20,
    compressor: str = "lz4",
    frames: int = 1024,
    seed: int = 0,
) -> tuple[Machine, int]:
    """Return a machine and its only process, which has written each of its pages once.

    recipe: of `zbudlab.content.corpus`. pool: zswap's share of memory, percent; 0 = almost none.
    """
    machine = Machine(frames=frames, max_pool_percent=pool, compressor=compressor, log=False)
    process = machine.create_process(pages)
    machine.write(process, 0, corpus.pages(recipe, pages, seed))
    return machine, process


def used_again(machine: Machine, process: int, uses: int = 1600, seed: int = 0) -> PageLocations:
    """Access random pages of the process that many times. Return where its pages are then."""
    count = int(machine.state.processes[process]["nr_pages"])
    faults, reads = _counted(machine)
    random = np.random.Generator(np.random.PCG64(seed))
    machine.touch(process, random.integers(0, count, uses))
    start = int(machine.state.processes[process]["start"])
    states = machine.state.ptes["state"][start : start + count]
    counters = machine.swap.counters()
    swapped = int(np.count_nonzero(states == PTE_SWAP))
    after, reads_after = _counted(machine)
    return PageLocations(
        memory=int(np.count_nonzero(states == PTE_PRESENT)),
        zswap=counters["stored_pages"],
        device=swapped - counters["stored_pages"],
        pool=counters["pool_pages"],
        faults=after - faults,
        from_device=reads_after - reads,
    )


def _counted(machine: Machine) -> tuple[int, int]:
    """Return the faults on swapped out pages and the reads from the device so far."""
    return machine.paging.events["pgmajfault"], machine.swap.counters()["device_reads"]
