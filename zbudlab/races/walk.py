"""Schedules run one by one: all of them depth first, or some with random priorities.

Random priorities find a fault of few preemptions with a known probability (PCT: Burckhardt and
others, "A randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010).
"""

from zbudlab.jit import kernel
from zbudlab.layout import BLOCKED
from zbudlab.races.actors import perform
from zbudlab.races.oracles import scrub, state_fault
from zbudlab.races.search import HOT, ended_here, note_changes

SCHEDULES = 0
FAULTY = 1
STEPS = 2

# What an attempt to run a step returns, apart from a fault.
RAN = 0
NO_STEP = -1


@kernel
def try_step(mem, search, who, noting):
    """Run the next step of an actor if it has one. Return RAN, NO_STEP or a fault.

    noting: whether words may change that have never changed before.
    """
    if search.actors[who].pc < 0:
        return NO_STEP
    answer = perform(mem, search.actors, search.slots, who)
    if answer == BLOCKED:
        return NO_STEP
    scrub(mem, search.actors)
    if noting:
        note_changes(search)
    return answer if answer else state_fault(mem, search.actors)


# --- depth first -------------------------------------------------------------------------------


@kernel
def save_level(search, saved, level):
    """Keep the words that can change."""
    for i in range(search.counters[HOT]):
        saved[level, i] = search.image[search.hot[i]]


@kernel
def back_to_level(search, saved, level):
    """Return the image to a level that was kept."""
    for i in range(search.counters[HOT]):
        search.image[search.hot[i]] = saved[level, i]


@kernel(inline=False)
def run_all(mem, search, saved, choice, counts, most):
    """Run every schedule, depth first and without hashing, up to `most` steps.

    search: has been finished, so that its hot words are all that can change. saved: int64 (levels,
    words). choice: int64 (levels,), zeros. counts: int64 (3,), gets schedules, faulty ones, steps.
    Return whether all were run.
    """
    level = 0
    save_level(search, saved, 0)
    went_on = 0
    while level >= 0:
        if counts[STEPS] >= most:
            return False
        if choice[level] == search.actors.shape[0]:
            counts[SCHEDULES] += went_on == 0
            went_on = 1
            level -= 1
            continue
        if choice[level] == 0:
            went_on = 0
        back_to_level(search, saved, level)
        answer = try_step(mem, search, choice[level], False)
        choice[level] += 1
        if answer == NO_STEP:
            continue
        counts[STEPS] += 1
        if answer != RAN:
            counts[SCHEDULES] += 1
            counts[FAULTY] += 1
            went_on = 1
            continue
        level += 1
        choice[level] = 0
        save_level(search, saved, level)
    return True


# --- random priorities -------------------------------------------------------------------------


@kernel
def highest(priorities, tried):
    """Return the actor of the highest priority that was not tried; -1 if all were."""
    best = -1
    for who in range(priorities.shape[0]):
        if tried >> who & 1 == 0 and (best < 0 or priorities[who] > priorities[best]):
            best = who
    return best


@kernel(inline=False)
def run_one(mem, search, priorities, changes, path):
    """Run the schedule that priorities determine. Return (fault, steps); fault 0 = none.

    priorities: int64 (actors,), changed on the way. changes: int64 (n,), the steps after which the
    actor that ran falls behind all others. path: int64 (steps,), gets who ran.
    """
    for i in range(search.counters[HOT]):
        search.image[search.hot[i]] = search.root[search.hot[i]]
    length = 0
    tried = 0
    while True:
        who = highest(priorities, tried)
        if who < 0:
            break
        answer = try_step(mem, search, who, True)
        if answer == NO_STEP:
            tried |= 1 << who
            continue
        tried = 0
        path[length] = who
        length += 1
        if answer != RAN or length == path.shape[0]:
            return answer, length
        for i in range(changes.shape[0]):
            if changes[i] == length:
                priorities[who] = -1 - i
    return -min(ended_here(mem, search), 0), length
