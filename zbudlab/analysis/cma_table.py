"""Measure how often requests for a CMA area succeed, by how full memory is.

With the series, zbud pages may be placed in the CMA area, since they can be moved out again. So
zswap can use memory that is lent to the area's owner, and requests still succeed as long as there
is a target frame for each page and no page has an extra reference. Without the series zbud cannot
use the area.
"""

import errno
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zbudlab.layout import FRAME_ANON, MAX_ORDER_NR_PAGES, PAGE_SIZE, POOL_KINDS, ZBUD_MAX_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError, MachineError
from zbudlab.mm.inspection import frame_kinds

LEVELS = (0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
OBJECT_SIZE = PAGE_SIZE * 60 // 100  #: bytes: one fits in a zbud page
WITHOUT_AND_WITH = ("plain", "series")
ANSWERS = {0: "met", errno.EBUSY: "busy", errno.ENOMEM: "no_memory"}
assert PAGE_SIZE // 2 < OBJECT_SIZE <= ZBUD_MAX_SIZE


def cma_success(
    *,
    frames: int = 16384,
    cma_pages: int = 4096,
    levels: Sequence[float] = LEVELS,
    mapped: float = 0.0,
    seeds: Sequence[int] = range(3),
) -> list[dict[str, Any]]:
    """Return a row for each fill level and variant of zbud, the one without the series first.

    Memory is filled to a level (a share of all frames) with user pages and zbud pages in equal
    parts. Then each piece of 1024 frames of the CMA area is requested and given back. This is
    repeated on a machine for each seed.

    frames, cma_pages: sizes, frames. levels: shares, 0 to 1. mapped: share of the zbud objects that
    are mapped during the requests (series only). ConfigError for invalid values.

    A row has: level, zbud; asked, met, rate (met / asked), busy and no_memory (why requests
    failed); then pages, summed over machines like the counts before: zbud_pages, zbud_refused
    (objects for which there was no page), user_in_cma and zbud_in_cma (in the area before the
    requests), moved.
    """
    if not 0 <= mapped <= 1 or not all(0 <= level <= 1 for level in levels):
        raise ConfigError(f"levels {levels} and mapped {mapped} must be shares from 0 to 1")
    config = MachineConfig(frames=frames, cma_pages=cma_pages, zswap=False, page_bytes=False)
    if not cma_pages or not len(seeds):
        raise ConfigError(
            "cma_pages and seeds must not be empty: without them nothing is requested"
        )
    rows = []
    for level in levels:
        for zbud in WITHOUT_AND_WITH:
            total: Counter[str] = Counter()
            machine = replace(config, zbud=zbud, log=False)
            for seed in seeds:
                total.update(one_machine(machine, level, mapped, seed))
            rate = total["met"] / total["asked"]
            rows.append({"level": level, "zbud": zbud, "rate": rate, **total})
    return rows


def one_machine(config: MachineConfig, level: float, mapped: float, seed: int) -> dict[str, int]:
    """Fill one machine to a level, and return its answers and what was in it before."""
    machine = Machine(config)
    rng = np.random.Generator(np.random.PCG64(seed))
    handles, refused = fill(machine, int(level * config.frames), rng)
    if config.zbud == "series":
        for handle in rng.permutation(handles)[: int(mapped * len(handles))].tolist():
            machine.zbud_map(handle)
    start, end = machine.cma_area
    area = frame_kinds(machine.state)[start:end]
    answers = ask(machine)
    return {
        "asked": sum(answers.values()),
        **answers,
        "zbud_pages": len(handles),
        "zbud_refused": refused,
        "user_in_cma": int((area == FRAME_ANON).sum()),
        "zbud_in_cma": int(np.isin(area, POOL_KINDS).sum()),
        "moved": machine.paging.events["pgmigrate_success"],
    }


def fill(machine: Machine, pages: int, rng: np.random.Generator) -> tuple[list[int], int]:
    """Use that many frames for user and zbud pages at random. Return zbud's handles and refusals.

    Either kind comes in runs of up to 64 pages, like the requests of a busy machine.
    """
    process = machine.create_process(max(pages, 1))
    handles: list[int] = []
    done = refused = 0
    while done < pages:
        run = min(int(rng.integers(1, 65)), pages - done)
        if rng.integers(2):
            machine.touch(process, range(done, done + run))
        else:
            for _ in range(run):
                try:
                    handles.append(machine.zbud_alloc(OBJECT_SIZE))
                except MachineError as error:
                    if error.errno != errno.ENOMEM:
                        raise
                    refused += 1
        done += run
    return handles, refused


def ask(machine: Machine) -> dict[str, int]:
    """Request the CMA area in pieces, and give each back. Return counts by answer."""
    counts = dict.fromkeys(ANSWERS.values(), 0)
    for start in range(*machine.cma_area, MAX_ORDER_NR_PAGES):
        piece = start, start + MAX_ORDER_NR_PAGES
        try:
            machine.alloc_contig_range(*piece)
        except MachineError as error:
            counts[ANSWERS[error.errno or 0]] += 1
        else:
            counts["met"] += 1
            machine.free_contig_range(*piece)
    return counts
