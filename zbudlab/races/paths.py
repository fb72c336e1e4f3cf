"""Counting schedules, and the shortest ones, in the graph of states.

A schedule is a path from the first state to an end: all have finished, or a step was a fault.
Counts are exact up to 1e36: two words, the lower one below 1e18.
"""

import numpy as np

from zbudlab.jit import kernel

UNIT = 10**18
UNREACHED = 1 << 30


@kernel(inline=False)
def topological(succ, degree, order):
    """Order the states so that edges lead forward. Return how many; fewer = there is a cycle.

    succ: int64 (states, actors). degree, order: int64 (states,), for the work and the result.
    """
    states, actors = succ.shape
    for s in range(states):
        for a in range(actors):
            if succ[s, a] >= 0:
                degree[succ[s, a]] += 1
    order[0] = 0
    count = 1
    at = 0
    while at < count:
        s = order[at]
        at += 1
        for a in range(actors):
            following = succ[s, a]
            if following >= 0:
                degree[following] -= 1
                if degree[following] == 0:
                    order[count] = following
                    count += 1
    return count


@kernel
def add_to(counts, i, j):
    """Add counts[j] to counts[i]; both have two words, high and low."""
    low = counts[i, 1] + counts[j, 1]
    carry = np.int64(low >= UNIT)
    counts[i, 0] += counts[j, 0] + carry
    counts[i, 1] = low - carry * UNIT


@kernel(inline=False)
def count_paths(succ, order, end, counts, first_fault):
    """Count the schedules through each state, all of them, and the faulty ones.

    counts: int64 (states + 2, 2), zeros; the last two rows get the totals.
    """
    states, actors = succ.shape
    counts[0, 1] = 1
    for at in range(states):
        s = order[at]
        if end[s] != 0:
            add_to(counts, states, s)
            if end[s] < 0:
                add_to(counts, states + 1, s)
        for a in range(actors):
            if succ[s, a] >= 0:
                add_to(counts, succ[s, a], s)
            elif succ[s, a] < first_fault:
                add_to(counts, states, s)
                add_to(counts, states + 1, s)


@kernel
def switch_cost(succ, s, last, a):
    """Return 1 if running actor `a` preempts `last`, which could go on in state s."""
    return np.int64(last != a and succ[s, last] != -1)


@kernel(inline=False)
def fewest_switches(succ, order, best, before):
    """Find the fewest preemptions to reach each state by each actor's step.

    best: int64 (states, actors), gets the preemptions. before: int64 (states, actors), gets the
    state before and the last actor there, as state * actors + actor.
    """
    states, actors = succ.shape
    for at in range(states):
        s = order[at]
        for a in range(actors):
            following = succ[s, a]
            if following < 0:
                continue
            for last in range(actors):
                cost = 0 if s == 0 else best[s, last] + switch_cost(succ, s, last, a)
                if cost < best[following, a]:
                    best[following, a] = cost
                    before[following, a] = s * actors + last
