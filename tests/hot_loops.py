"""Loops over the engine's hottest operations, and what the compiler made of them.

`python -m tests.hot_loops` compiles and runs them and prints as JSON what test_jit.py looks at:
a function that comes from a cache has no assembly, so this needs a process and an empty cache of
its own.
"""

import json
import re

import numpy as np

from zbudlab import jit, layout
from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_MOVABLE, ZBUD_SERIES
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.compaction import init_compact_control
from zbudlab.mm.compaction_scan import isolate_migratepages_range
from zbudlab.mm.page_alloc import alloc_pages, put_page
from zbudlab.mm.radix_tree import (
    init_radix_tree_nodes,
    radix_tree_insert,
    radix_tree_lookup,
)
from zbudlab.mm.state import State
from zbudlab.mm.zbud import zbud_alloc, zbud_free

FRAMES = 1024
TURNS = 2000


@kernel(inline=False)
def radix_lookup(nodes, roots, keys):
    """The sum of the items of all keys."""
    total = 0
    for i in range(keys.shape[0]):
        total += radix_tree_lookup(nodes, roots[0], keys[i])
    return total


@kernel(inline=False)
def zbud_churn(zones, pages, blocks, pools, rows, nodes, handles, sizes):
    """Give one handle back and get another, all over again; the sum of the errnos."""
    failed = 0
    for i in range(sizes.shape[0]):
        place = i % handles.shape[0]
        if handles[place]:
            failed += zbud_free(zones, pages, blocks, pools, rows, nodes, 0, handles[place])
        size = np.int64(sizes[i])
        handles[place] = zbud_alloc(
            zones, pages, blocks, pools, rows, nodes, 0, size, MIGRATE_MOVABLE
        )
        failed += min(handles[place], 0)
    return failed


@kernel(inline=False)
def buddy_churn(zones, pages, blocks, held, orders):
    """Give one block back and get another, all over again; the blocks freed."""
    freed = 0
    for i in range(orders.shape[0]):
        place = i % held.shape[0]
        if held[place] >= 0:
            freed += put_page(zones, pages, blocks, held[place])
        held[place] = alloc_pages(zones, pages, blocks, np.int64(orders[i]), MIGRATE_MOVABLE)
    return freed


@kernel(inline=False)
def compaction_scan(zones, pages, blocks, control):
    """Isolate what can move, all over the zone; where the last look ended."""
    end = 0
    while end < zones[0].spanned_pages:
        control[0].nr_migratepages = 0
        end = isolate_migratepages_range(zones, pages, blocks, control, end, zones[0].spanned_pages)
    return end


@jit.numba.njit
def _reading(held, kept, i):
    kept.append(held)
    return kept[i % 2][0]


@jit.numba.njit
def counting_references(held, orders):
    """What the others must not be: numba's defaults, which count references."""
    kept = [held]
    total = 0
    for i in range(orders.shape[0]):
        total += _reading(held, kept, i)
    return total


def run():
    """Call every loop; what each answered, by function."""
    random = np.random.default_rng(1)
    state = State(FRAMES)
    free_pages_memory(*state.buddy, 0, FRAMES)
    state.create_pool(0, ZBUD_SERIES)
    state.reserve_nodes(2)
    handles = np.zeros(50, np.int64)
    sizes = random.integers(1, layout.ZBUD_MAX_SIZE, TURNS)
    held = np.full(50, -1, np.int64)
    orders = random.integers(0, 4, TURNS)
    nodes, roots = np.zeros(200, layout.radix_tree_node), np.zeros(1, layout.radix_tree_root)
    init_radix_tree_nodes(nodes)
    for key in range(100):
        radix_tree_insert(nodes, roots[0], key, key + 1)
    keys = np.arange(100)
    control = np.zeros(1, layout.compact_control)
    init_compact_control(control, layout.MR_COMPACTION, -1, MIGRATE_MOVABLE, 1, 1)
    return {
        zbud_churn: zbud_churn(*state.zbud, handles, sizes),
        buddy_churn: buddy_churn(*state.buddy, held, orders),
        radix_lookup: radix_lookup(nodes, roots, keys),
        compaction_scan: compaction_scan(*state.buddy, control),
        counting_references: counting_references(held, orders),
    }


def compiled_into(loop):
    """Lines of machine code, atomic instructions, and calls that count references."""
    (llvm,) = loop.inspect_llvm().values()
    (assembly,) = loop.inspect_asm().values()
    return {
        "lines": assembly.count("\n"),
        "lock": len(re.findall(r"^\s*lock\b", assembly, re.MULTILINE)),
        "NRT_incref": llvm.count("NRT_incref"),
    }


def whole_numbers(answer):
    """Whether a compiled function answers with integers, truth values, or nothing."""
    types = jit.numba.types
    if isinstance(answer, types.BaseTuple):
        return all(whole_numbers(part) for part in answer)
    return isinstance(answer, (types.Integer, types.Boolean, types.NoneType))


def main():
    answers = run()
    returned = {
        name: [signature.return_type for signature in compiled.nopython_signatures]
        for name, compiled in jit.KERNELS.items()
    }
    report = {
        "answers": {loop.__name__: int(answer) for loop, answer in answers.items()},
        "compiled_into": {loop.__name__: compiled_into(loop) for loop in answers},
        "kernels": [name for name, types in returned.items() if types],
        "not_whole": {
            name: [str(each) for each in types]
            for name, types in returned.items()
            if not all(map(whole_numbers, types))
        },
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
