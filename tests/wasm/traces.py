"""What tests of the module share: golden traces by kind, and how one is run in WebAssembly."""

from pathlib import Path

from tests import rounds
from tests.conformance.traces import TEXT
from zbudlab.conformance import KINDS, compare
from zbudlab.wasm.hosted import Home

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
ROOM = 1 << 30  #: bytes of linear memory, enough for every trace


def expected(trace):
    """The files of the right answers to a trace, each with the settings that it is for."""
    ends = TEXT.get(trace.parent.name, {".expected.jsonl.gz": {}})
    name = trace.name.removesuffix(".trace.gz")
    found = {trace.with_name(name + end): settings for end, settings in ends.items()}
    return {path: settings for path, settings in found.items() if path.exists()}


def traces(kind):
    """The traces of a kind, the one with the fewest bytes to expect first."""
    answered = [trace for trace in (GOLDEN / kind).glob("*.trace.gz") if expected(trace)]
    return sorted(answered, key=lambda trace: min(path.stat().st_size for path in expected(trace)))


def first_difference(module, trace):
    """Run a trace in WebAssembly; the operations that agree, and the first difference."""
    agreed = 0
    for path, settings in expected(trace).items():
        with Home(module, ROOM).running():
            count, difference = compare(trace.parent.name, trace, path, **settings)
        if difference is not None:
            return count, difference
        agreed += count
    return agreed, None


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
