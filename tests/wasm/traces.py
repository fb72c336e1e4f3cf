"""What tests of the module share: golden traces by kind, and how one is run in WebAssembly."""

from pathlib import Path

from tests import rounds
from zbudlab.conformance import KINDS, compare
from zbudlab.wasm.hosted import Home

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
ROOM = 1 << 30  #: bytes of linear memory, enough for every trace


def expected(trace):
    return trace.with_name(trace.name.replace(".trace.", ".expected.jsonl."))


def traces(kind):
    """The traces of a kind, the one with the fewest bytes to expect first."""
    answered = [trace for trace in (GOLDEN / kind).glob("*.trace.gz") if expected(trace).exists()]
    return sorted(answered, key=lambda trace: expected(trace).stat().st_size)


def first_difference(module, trace):
    """Run a trace in WebAssembly; the operations that agree, and the first difference."""
    with Home(module, ROOM).running():
        return compare(trace.parent.name, trace, expected(trace))


def everything():
    return [trace for kind in KINDS for trace in traces(kind)]


def played(seed, number):
    """A random round: how many operations it was, and the digest of the machine after it."""
    pair, _, _ = rounds.play(rounds.setup(seed, number), rounds.script(seed, number), every=10**9)
    return pair.done().total(), pair.machine.digest()


def played_in(module, seed, number):
    """The same in WebAssembly."""
    with Home(module, ROOM).running():
        return played(seed, number)
