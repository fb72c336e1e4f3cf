"""The exports of the live pages' module: only what they call, so that a page loads no more."""

from zbudlab import layout
from zbudlab.driver import calls
from zbudlab.experiments import interpreter
from zbudlab.mm import inspection
from zbudlab.races import steps
from zbudlab.wasm.entries import Entry, entry_of


def entries() -> list[Entry]:
    """Return the exports, sorted by name."""
    plain = (calls.cma_alloc, calls.cma_release, inspection.look_at_frames, interpreter.run_rows)
    return sorted([*map(entry_of, plain), entry_of(steps.compact_step, actor=layout.actor)])
