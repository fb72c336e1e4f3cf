"""Built-in scenarios: small machines, and the actors that meet on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zbudlab.io.values import shown
from zbudlab.machine import Machine
from zbudlab.races import play
from zbudlab.races.cast import (
    Actor,
    cma_request,
    compact,
    count,
    free,
    invalidate,
    load,
    store,
    user,
    writeback,
)

SIZES = (1000, 900)  #: bytes of the two objects that share the page that all actors meet on
LARGE = 1900  #: bytes of objects that do not fit next to those
FRAMES = 64
BLOCK_ORDER = 4  #: of a pageblock where there is more than one


def shared_page(profile: str = "v2") -> Machine:
    """Return a machine with one zbud page that holds two objects, handles 1 and 2.

    Each object starts with the number of its handle.
    """
    machine = _small(profile)
    _store_two(machine)
    return machine


def _small(profile: str, **settings: Any) -> Machine:
    """Return a machine of FRAMES frames without page bytes."""
    usual = {"min_free": 0, "swap_pages": 0, "keyframes": False, "page_bytes": False}
    return Machine(frames=FRAMES, profile=profile, **usual | settings)


def _store_two(machine: Machine) -> None:
    """Store two objects in one zbud page, each with the number of its handle."""
    for size in SIZES:
        handle = machine.zbud_alloc(size)
        machine.operate("race_content", handle, handle)


def small_blocks(profile: str = "v2") -> Machine:
    """Return the machine of `shared_page` with four pageblocks of 16 frames instead of one."""
    machine = _small(profile, pageblock_order=BLOCK_ORDER)
    _store_two(machine)
    return machine


def two_pages(profile: str = "v2") -> Machine:
    """Return a machine with two zbud pages: objects 1 and 2 in frame 0, 3 and 4 in frame 1."""
    machine = shared_page(profile)
    for _ in SIZES:
        machine.zbud_alloc(LARGE)
    return machine


def swapped_out(profile: str = "v2") -> Machine:
    """Return a machine with two pages of a process in zswap: slots 0 and 1, in one zbud page."""
    machine = _small(profile, swap_pages=4)
    process = machine.create_process(len(SIZES))
    machine.write(process, 0, list(SIZES))
    machine.reclaim(len(SIZES))
    return machine


@dataclass(frozen=True)
class Scenario:
    """A machine, by profile, and the actors that meet on it."""

    sentence: str
    machine: Callable[[str], Machine]
    actors: tuple[Actor, ...]


def _on_shared_page(sentence: str, *actors: Actor) -> Scenario:
    return Scenario(sentence, shared_page, actors)


#: The built-in scenarios by name.
SCENARIOS: dict[str, Scenario] = {
    "counter": _on_shared_page("Two processors add one to the same counter.", count(), count()),
    "counter-locked": _on_shared_page(
        "Two processors add one to the same counter, each under a lock.",
        *(count(locked=True), count(locked=True)),
    ),
    "user-free-compact": _on_shared_page(
        "An object is read, freed and moved at once.", user(1), free(1), compact()
    ),
    "user-user-compact": _on_shared_page(
        "Two readers of one object, while a compaction tries twice to move it.",
        *(user(1), user(1), compact(passes=2)),
    ),
    "user-user-compact-uncounted": _on_shared_page(
        "The same with a migration that forgot to test page_count.",
        *(user(1), user(1), compact(counts=False)),
    ),
    "free-free-compact": _on_shared_page(
        "Both objects of a page are freed while a compaction takes it.", free(1), free(2), compact()
    ),
    "compact-compact": _on_shared_page("Two compactions want the same page.", compact(), compact()),
    "user-free-cma": Scenario(
        "An object is read and freed while a CMA request moves its page away.",
        *(small_blocks, (user(1), free(1), cma_request())),
    ),
    "compact-cma": Scenario(
        "A compaction and a CMA request want the same page.",
        *(small_blocks, (compact(), cma_request())),
    ),
    "writeback-compact": Scenario(
        "zswap writes a page of its pool back while a compaction moves it.",
        *(swapped_out, (writeback(), compact())),
    ),
    "load-compact": Scenario(
        "A page is loaded from zswap while a compaction moves it.",
        *(swapped_out, (load(0), compact())),
    ),
    "load-store-writeback-compact": Scenario(
        "zswap loads one page, stores a newer one and writes back, while a compaction runs.",
        *(swapped_out, (load(0), store(1), writeback(), compact())),
    ),
    "load-invalidate-writeback": Scenario(
        "A page is loaded while its slot is freed and zswap writes back.",
        *(swapped_out, (load(0), invalidate(0), writeback())),
    ),
    "load-invalidate-writeback-compact-compact": Scenario(
        "A load, a freed slot, a writeback and two compactions meet on one page.",
        *(swapped_out, (load(0), invalidate(0), writeback(), compact(), compact())),
    ),
}


def scenario(name: Any) -> Scenario:
    """Return a scenario by its name. Raise ValueError for an unknown one."""
    if not isinstance(name, str) or name not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, not {shown(name)}")
    return SCENARIOS[name]


assert play  # its operations are known to machines
