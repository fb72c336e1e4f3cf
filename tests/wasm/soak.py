"""`python -m tests.wasm.soak`: all golden traces and a million random operations in WebAssembly."""

import sys

from tqdm import tqdm

from tests.wasm.traces import everything, first_difference, played, played_in
from zbudlab.wasm import build

OPERATIONS = 10**6
SEED = 2013


def failures(module):
    """Yield what differs between the module and recorded kernels, or native code."""
    for trace in tqdm(everything(), desc="golden traces", disable=None):
        count, difference = first_difference(module, trace)
        if difference is not None:
            yield f"{trace.parent.name}/{trace.name} after {count} operations:\n{difference}"
    done = number = 0
    while done < OPERATIONS:
        count, digest = played(SEED, number)
        if played_in(module, SEED, number) != (count, digest):
            yield f"round {number} of seed {SEED}: the memory differs from native code's"
        done += count
        number += 1
    print(f"wasm: {done:,} random operations in {number} rounds")


def main():
    found = list(failures(build()))
    print("\n".join(found) or f"wasm: all {len(everything())} golden traces agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
