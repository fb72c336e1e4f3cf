"""Breadth-first search over all interleavings, in compiled code.

The memory of a small machine and its actors are one array of words, the image. A state is kept as
the words that differ from the first state, only until it has been expanded; afterwards two
independent hashes of 64 bits stand for it. The graph of states keeps all edges, from which
schedules are counted (`zbudlab.races.paths`).
"""

import functools
from typing import NamedTuple

import numpy as np

from zbudlab.jit import as_record, kernel
from zbudlab.layout import BLOCKED, FAULT_DEADLOCK, FAULT_ORDER
from zbudlab.races.actors import perform
from zbudlab.races.oracles import end_fault, is_serial, list_order, scrub, state_fault

# Edges that lead to no state.
NO_EDGE = -1  #: finished, or waiting for a lock
CUT = -2  #: one preemption more than the bound allows
FIRST_FAULT = -10  #: FIRST_FAULT - FAULT_* = the step is a fault

# Counters of a search.
HOT = 0
STATES = 1
HEAD = 2
WRITTEN = 3
OTHERS = 4  # frames in use that belong to no pool
BOUND = 5  # most preemptions of a schedule; -1 = any number
CUTS = 6  # edges that the bound left out
COUNTERS = 8

# The last two words of the image: the actor that ran last and the preemptions so far, if there is
# a bound; otherwise they stay -1 and 0.
LAST = -2
USED = -1

FINISHED = 0
FULL = 1
PAUSED = 2


class _Arrays(NamedTuple):
    """The arrays of a search.

    actors: layout.actor (n,), slots: layout.race_slot, views of image. image: int64 (words,), the
    machine and its actors now; root: the same at the start. cold:
    int64 (words,), -1 = has never differed from root, else 0; hot: int64 (words,), the others in
    the order found. ring: int64, a power of two, the words of states to be expanded. states:
    layout.race_state. succ: int64 (states, actors), the edges. table: int64, a power of two, states
    by hash. counters: int64 (COUNTERS,). serial: uint64 (n,), the list orders that serial runs of
    the actors end in; empty = the order does not matter.
    """

    actors: np.ndarray
    slots: np.ndarray
    image: np.ndarray
    root: np.ndarray
    cold: np.ndarray
    hot: np.ndarray
    ring: np.ndarray
    states: np.ndarray
    succ: np.ndarray
    table: np.ndarray
    counters: np.ndarray
    serial: np.ndarray


class Search(_Arrays):
    """The arrays of a search, for compiled and for plain functions."""

    original: "Search"

    @functools.cached_property
    def plain(self) -> "Search":
        """The same arrays for uncompiled code, where records have their fields as attributes."""
        views = Search(*map(as_record, self))
        views.original = self
        views.__dict__["plain"] = views
        return views


# --- states ------------------------------------------------------------------------------------


@kernel(inline=False)
def note_changes(search):
    """Add the words that differ from root for the first time to the hot ones."""
    changed = np.int64(0)
    for w in range(search.image.shape[0]):
        changed |= (search.image[w] ^ search.root[w]) & search.cold[w]
    if changed == 0:
        return
    for w in range(search.image.shape[0]):
        if search.cold[w] != 0 and search.image[w] != search.root[w]:
            search.cold[w] = 0
            search.hot[search.counters[HOT]] = w
            search.counters[HOT] += 1


@kernel(inline=False)
def hashed(search):
    """Return two hashes of the image: sums over the words that differ from root."""
    first = np.uint64(0)
    second = np.uint64(0)
    for i in range(search.counters[HOT]):
        w = search.hot[i]
        difference = search.image[w] ^ search.root[w]
        if difference != 0:
            x = np.uint64(difference) + np.uint64(w) * np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            first += x ^ (x >> np.uint64(31))
            x = (x ^ (x >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
            second += x ^ (x >> np.uint64(29))
    return first, second


@kernel(inline=False)
def restore(search, number):
    """Set the image to a state whose words are still in the ring."""
    state = search.states[number]
    mask = search.ring.shape[0] - 1
    for i in range(search.counters[HOT]):
        w = search.hot[i]
        search.image[w] = search.root[w]
        if i < state.words:
            search.image[w] = search.ring[(state.at + i) & mask]


@kernel(inline=False)
def place_of(search, first, second):
    """Return where in the table a state with these hashes is, or would be."""
    mask = search.table.shape[0] - 1
    place = np.int64(first & np.uint64(mask))
    while True:
        number = search.table[place]
        if number < 0:
            return place
        state = search.states[number]
        if state.hash == first and state.check == second:
            return place
        place = (place + 1) & mask


@kernel(inline=False)
def add_state(search, place, first, second, parent, by):
    """Enter the image as a new state. Return its number."""
    number = search.counters[STATES]
    search.counters[STATES] = number + 1
    search.table[place] = number
    state = search.states[number]
    state.hash = first
    state.check = second
    state.parent = parent
    state.by = by
    state.end = 0
    state.at = search.counters[WRITTEN]
    state.words = search.counters[HOT]
    mask = search.ring.shape[0] - 1
    for i in range(search.counters[HOT]):
        search.ring[(state.at + i) & mask] = search.image[search.hot[i]]
    search.counters[WRITTEN] += search.counters[HOT]
    for i in range(search.succ.shape[1]):
        search.succ[number, i] = NO_EDGE
    return number


@kernel(inline=False)
def begin(search):
    """Enter the image as the first state."""
    first, second = hashed(search)
    add_state(search, place_of(search, first, second), first, second, -1, -1)


# --- the search --------------------------------------------------------------------------------


@kernel(inline=False)
def reached(mem, search, parent, by):
    """Return the number of the image's state, or FIRST_FAULT - FAULT_*."""
    scrub(mem, search.actors)
    note_changes(search)
    first, second = hashed(search)
    place = place_of(search, first, second)
    if search.table[place] >= 0:
        return search.table[place]
    fault = state_fault(mem, search.actors)
    if fault:
        return FIRST_FAULT - fault
    return add_state(search, place, first, second, parent, by)


@kernel
def counted_switch(search, who, last_goes_on):
    """Count a preemption, if schedules are bounded. Return False for one too many."""
    if search.counters[BOUND] < 0:
        return True
    at = search.image.shape[0]
    last = search.image[at + LAST]
    if last != who and last_goes_on:
        search.image[at + USED] += 1
    search.image[at + LAST] = who
    return search.image[at + USED] <= search.counters[BOUND]


@kernel(inline=False)
def edge(mem, search, number, who, last_goes_on):
    """Return where the next step of an actor leads from a state."""
    restore(search, number)
    if search.actors[who].pc < 0:
        return NO_EDGE
    answer = perform(mem, search.actors, search.slots, who)
    if answer == BLOCKED:
        return NO_EDGE
    if not counted_switch(search, who, last_goes_on):
        search.counters[CUTS] += 1
        return CUT
    if answer:
        return FIRST_FAULT - answer
    return reached(mem, search, number, who)


@kernel(inline=False)
def ended_here(mem, search):
    """Return how a schedule ends if no actor goes on, as `end` of layout.race_state."""
    for i in range(search.actors.shape[0]):
        if search.actors[i].pc >= 0:
            return -FAULT_DEADLOCK
    fault = end_fault(mem, search.counters[OTHERS:])
    if fault == 0 and not is_serial(search.serial, list_order(mem)):
        fault = FAULT_ORDER
    return -fault if fault else 1


@kernel(inline=False)
def expand(mem, search, number):
    """Follow all edges of a state, first that of the actor that ran last."""
    restore(search, number)
    last = search.image[search.image.shape[0] + LAST]
    goes_on = False
    last_goes_on = False
    if last >= 0:
        search.succ[number, last] = edge(mem, search, number, last, False)
        goes_on = last_goes_on = search.succ[number, last] != NO_EDGE
    for who in range(search.actors.shape[0]):
        if who != last:
            at = edge(mem, search, number, who, last_goes_on)
            search.succ[number, who] = at
            goes_on |= at != NO_EDGE
    if not goes_on:
        restore(search, number)
        search.states[number].end = ended_here(mem, search)


@kernel
def has_room(search):
    """Return whether another state can be expanded without larger arrays."""
    counters = search.counters
    most = counters[STATES] + search.actors.shape[0]
    words = search.actors.shape[0] * search.image.shape[0]
    used = counters[WRITTEN] - search.states[counters[HEAD]].at
    enough = most <= search.states.shape[0] and 2 * most <= search.table.shape[0]
    return enough and used + words <= search.ring.shape[0]


@kernel(inline=False)
def run(mem, search, most):
    """Expand up to `most` states, oldest first. Return FINISHED, FULL or PAUSED."""
    counters = search.counters
    for _ in range(most):
        if counters[HEAD] == counters[STATES]:
            return FINISHED
        if not has_room(search):
            return FULL
        expand(mem, search, counters[HEAD])
        counters[HEAD] += 1
    return PAUSED


@kernel(inline=False)
def fill_table(search):
    """Enter all states in an empty table."""
    for number in range(search.counters[STATES]):
        state = search.states[number]
        search.table[place_of(search, state.hash, state.check)] = number
