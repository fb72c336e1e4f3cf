"""`explore`: every schedule of a few actors on a small machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Annotated, Any

import numpy as np

from zbudlab import layout
from zbudlab.io.arguments import checked
from zbudlab.io.values import Number, Whole
from zbudlab.machine.core import Core
from zbudlab.machine.settings import SEED
from zbudlab.races import oracles, search
from zbudlab.races.actors import IN_ZSWAP, prepare
from zbudlab.races.cast import Actor, merged, program, records, with_unique_names
from zbudlab.races.checks import check_actors, fault_of_start
from zbudlab.races.drawing import Drawn, draw
from zbudlab.races.image import Image, image_of
from zbudlab.races.programs import Program, Programs
from zbudlab.races.result import Result
from zbudlab.races.scenarios import scenario
from zbudlab.races.search import Search

MOST_STATES = 2_000_000  #: beyond this many states, schedules are drawn at random
DRAWING = 0.25  #: share of the time that is kept for random schedules
SLICE = 4096  #: states expanded between two checks of the clock
START = 1024  #: states for which there is room at first
RING = 1 << 16  #: words


def _new_search(image: Image, bound: int) -> Search:
    """Return a search whose only state is the image as it is now."""
    words = len(image.words)
    found = Search(
        actors=image.actors,
        slots=image.device,
        image=image.words,
        root=image.words.copy(),
        cold=np.full(words, -1, np.int64),
        hot=np.zeros(words, np.int64),
        ring=np.zeros(RING, np.int64),
        states=np.zeros(START, layout.race_state),
        succ=np.full((START, len(image.actors)), search.NO_EDGE, np.int64),
        table=np.full(2 * START, -1, np.int64),
        counters=np.zeros(search.COUNTERS, np.int64),
        serial=np.zeros(0, np.uint64),
    )
    found.counters[search.OTHERS] = _other_frames(image)
    found.counters[search.BOUND] = bound
    search.begin(found)
    return found


def _other_frames(image: Image) -> int:
    """Return the number of frames in use that belong to no pool."""
    frames = image.mem.pages[: int(image.mem.zones[0]["spanned_pages"])]
    used = frames["refcount"] != 0
    pooled = (frames["mapcount"] >= layout.PAGE_ZPOOL_FIRST) & (
        frames["mapcount"] <= layout.PAGE_ZPOOL_LAST
    )
    return int((used & ~pooled).sum())


def _larger(found: Search) -> Search:
    """Return the search with room for twice as many states."""
    states = len(found.states)
    grown = np.zeros(2 * states, layout.race_state)
    grown[:states] = found.states
    succ = np.full((2 * states, found.succ.shape[1]), search.NO_EDGE, np.int64)
    succ[:states] = found.succ
    ring = np.zeros(2 * len(found.ring), np.int64)
    old, new = len(found.ring) - 1, len(ring) - 1
    head, end = found.counters[search.HEAD], int(found.counters[search.WRITTEN])
    at = np.arange(int(found.states[head]["at"]), end)
    ring[at & new] = found.ring[at & old]
    table = np.full(4 * states, -1, np.int64)
    larger = found._replace(states=grown, succ=succ, ring=ring, table=table)
    search.fill_table(larger)
    return larger


def _serial_orders(image: Image, found: Search, programs: Programs) -> np.ndarray:
    """Return the list orders in which runs of one actor after another end, uint64."""
    orders = set()
    for turns in permutations(range(len(image.actors))):
        image.words[:] = found.root
        if all(_runs_alone(image, found, programs, who) for who in turns):
            orders.add(int(oracles.list_order(image.mem)))
    image.words[:] = found.root
    return np.array(sorted(orders), np.uint64)


def _runs_alone(image: Image, found: Search, programs: Programs, who: int) -> bool:
    """Run an actor to its end. Return False if a step of it is a fault or waits."""
    while image.actors[who]["pc"] >= 0:
        if programs.step(found, who):
            return False
    return True


def _searched(programs: Programs, found: Search, until: float) -> tuple[Search, bool]:
    """Search until all states are expanded, there are too many, or time is up."""
    while True:
        answer = programs.run(found, SLICE)
        if answer == search.FINISHED:
            return found, True
        if time.perf_counter() > until or found.counters[search.STATES] >= MOST_STATES:
            return found, False
        if answer == search.FULL:
            found = _larger(found)


def _checked_records(machine: Core, actors: Sequence[Actor], merge: int) -> np.ndarray:
    """Return the actors as layout.actor (n,); ValueError for those that cannot start."""
    table = records(machine, actors, merge)
    ready = table[table["kind"] != layout.ACTOR_PROGRAM]
    if len(ready) and (fault := fault_of_start(machine, ready)):
        raise ValueError(f"actors: {fault}")
    return table


@checked()
def explore(
    machine: Core,
    actors: Sequence[Actor | Callable[[], Any]],
    *,
    preemptions: Annotated[int, Whole(0)] | None = None,
    seconds: Annotated[float, Number(0)] = 10,
    merge: Sequence[str] = (),
    seed: Annotated[int, SEED] = 0,
) -> Result:
    """Run every interleaving of the actors on a machine, and return what was found.

    machine: without page bytes and small; it stays as it is. actors: ready ones
    (`zbudlab.races.scenarios`), or generator functions (`zbudlab.races.programs`).
    preemptions: how often a schedule may take the processor from an actor that could go on; None =
    any number. seconds: the time limit, not counting compilation, after which the search ends
    incomplete; its last quarter, and whatever is left after two million states, goes to schedules
    with random priorities. seed: draws those. merge: "isolate" and "unmap" join the two steps of
    isolation and of unmap.

    Raises ConfigError for a machine with page bytes or a large one, ValueError for other arguments
    out of range, TypeError for arguments of a wrong kind.
    """
    check_actors(machine, actors)
    chosen = with_unique_names(
        [each if isinstance(each, Actor) else program(each) for each in actors]
    )
    image = image_of(machine, _checked_records(machine, chosen, merged(tuple(merge))))
    generators = {i: Program(each) for i, each in enumerate(actors) if not isinstance(each, Actor)}
    if generators and preemptions is not None:
        raise ValueError("preemptions can be bounded for ready actors, not for generators")
    programs = Programs(image, generators)
    prepare(image.actors)
    oracles.scrub(image.mem, image.actors)
    found = _begun(image, programs, preemptions)
    started = time.perf_counter()
    found, complete = _searched(programs, found, started + seconds * (1 - DRAWING))
    drawn = Drawn()
    if not complete and not generators:
        drawn = draw(image, found, started + seconds, seed, preemptions)
    spent = time.perf_counter() - started
    return Result(machine, tuple(chosen), image, found, complete, spent, drawn, programs)


def _begun(image: Image, programs: Programs, preemptions: int | None) -> Search:
    """Compile everything that a search runs, and return the search at its first state."""
    found = _new_search(image, -1 if preemptions is None else preemptions)
    if not np.isin(image.actors["kind"], list(IN_ZSWAP)).any():  # the order may not be a serial one
        found = found._replace(serial=_serial_orders(image, found, programs))
    programs.run(found, 0)
    return found


@checked()
def explore_named(
    name: str,
    profile: str = "v2",
    *,
    merge: Sequence[str] = (),
    seconds: Annotated[float, Number(0)] = 10,
) -> Result:
    """Explore a built-in scenario. Raises ValueError for an unknown name."""
    chosen = scenario(name)
    return explore(chosen.machine(profile), chosen.actors, merge=merge, seconds=seconds)
