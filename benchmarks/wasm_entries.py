"""The module of the benchmarks: the engine, and the loops that are timed (`benchmarks.drivers`)."""

import numpy as np

from benchmarks import drivers
from zbudlab.wasm import entries as engine
from zbudlab.wasm.entries import Entry, Rows, entry_of

NUMBERS = Rows(np.dtype(np.int64))
SHORT, BYTES = Rows(np.dtype(np.int32)), Rows(np.dtype(np.uint8))


def entries() -> list[Entry]:
    """Return the exports."""
    blocks = {"held": NUMBERS, "held_orders": BYTES, "orders": BYTES, "types": BYTES}
    return [
        *engine.entries(),
        entry_of(drivers.buddy_churn, slots=SHORT, **blocks),
        entry_of(drivers.churn, slots=SHORT, sizes=SHORT),
        entry_of(drivers.compact),
        entry_of(drivers.scatter, order=NUMBERS),
    ]
