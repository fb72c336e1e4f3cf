"""The table of z3fold's pages, and how it grows."""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.mm.growth import grown


def make_table(state: Any) -> None:
    """Give a machine the table, empty. state: a `zbudlab.mm.state.State` with zsmalloc's tables."""
    state.z3folds = np.zeros(1, layout.z3fold_header)
    state.pools["z3fold_heads"] = -1
    state.arenas["unused_z3fold"] = 1


def make_lists(state: Any, number: int) -> None:
    """Give pool `number` its list heads, or keep those that it has."""
    pool, arena = state.pools[number], state.arenas[0]
    if pool["z3fold_heads"] >= 0:
        return
    heads = int(arena["unused_z3fold"])
    pool["z3fold_heads"] = heads
    arena["unused_z3fold"] += layout.Z3FOLD_NR_LISTS
    arena["nr_z3fold_heads"] += layout.Z3FOLD_NR_LISTS
    if heads + layout.Z3FOLD_NR_LISTS > len(state.z3folds):
        state.z3folds = grown(state.z3folds, heads + layout.Z3FOLD_NR_LISTS)


def reserve(state: Any, count: int) -> None:
    """Make room for `count` more objects, if there is a z3fold pool."""
    arena = state.arenas[0]
    if not arena["nr_z3fold_heads"]:
        return
    needed = {
        "z3folds": 1 + arena["nr_z3fold_heads"] + arena["nr_z3folds"] + count,
        "handles": 1 + arena["nr_handles"] + count,
    }
    for name, length in needed.items():
        if length > len(getattr(state, name)):
            setattr(state, name, grown(getattr(state, name), int(length)))
