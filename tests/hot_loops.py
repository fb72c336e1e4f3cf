"""Loops over the engine's hottest operations, and what the compiler made of them.

Those that the benchmarks time, and the migrate scanner. `python -m tests.hot_loops` compiles and
runs them and prints as JSON what tests/jit/test_compile.py reads. A function from a cache has no
assembly, so this needs a separate process with an empty cache.
"""

import json
import re

import numba
import numpy as np

from benchmarks.drivers import buddy_churn, churn, radix_lookup, radix_lookup_batch
from zbudlab import jit, layout
from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_MOVABLE, ZBUD_SERIES
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.compaction import init_compact_control
from zbudlab.mm.compaction_scan import isolate_migratepages_range
from zbudlab.mm.radix_tree import init_radix_tree_nodes, radix_tree_insert
from zbudlab.mm.state import State

FRAMES = 1024
TURNS = 2000
LIVE = 50  #: objects or blocks that a churn holds


@kernel(inline=False)
def compaction_scan(mem, control):
    """Isolate what can move, all over the zone; where the last look ended."""
    end = 0
    while end < mem.zones[0].spanned_pages:
        control[0].nr_migratepages = 0
        end = isolate_migratepages_range(mem, control, end, mem.zones[0].spanned_pages)
    return end


@numba.njit
def _reading(held, kept, i):
    kept.append(held)
    return kept[i % 2][0]


@numba.njit
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
    free_pages_memory(state.mem, 0, FRAMES)
    state.create_pool(0, ZBUD_SERIES)
    state.reserve_nodes(2)
    handles = np.zeros(LIVE, np.int64)
    slots = random.integers(0, LIVE, TURNS)
    sizes = random.integers(1, layout.ZBUD_MAX_SIZE, TURNS)
    held, held_orders = np.full(LIVE, -1, np.int64), np.zeros(LIVE, np.uint8)
    orders = random.integers(0, 4, TURNS)
    types = np.full(TURNS, MIGRATE_MOVABLE)
    nodes, roots = np.zeros(200, layout.radix_tree_node), np.zeros(1, layout.radix_tree_root)
    init_radix_tree_nodes(nodes)
    for key in range(100):
        radix_tree_insert(nodes, roots[0], key, key + 1)
    keys = np.arange(100)
    control = np.zeros(1, layout.compact_control)
    init_compact_control(control, layout.MR_COMPACTION, -1, MIGRATE_MOVABLE, 1, 1)
    return {
        churn: churn(state.mem, handles, slots, sizes),
        buddy_churn: buddy_churn(state.mem, held, held_orders, slots, orders, types),
        radix_lookup: radix_lookup(nodes, roots, keys),
        radix_lookup_batch: radix_lookup_batch(nodes, roots, keys, np.zeros_like(keys)),
        compaction_scan: compaction_scan(state.mem, control),
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
    types = numba.types
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
        "by_value": [
            name
            for name, compiled in jit.KERNELS.items()
            if any("Literal" in str(signature.args) for signature in compiled.nopython_signatures)
        ],
        "not_whole": {
            name: [str(each) for each in types]
            for name, types in returned.items()
            if not all(map(whole_numbers, types))
        },
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
