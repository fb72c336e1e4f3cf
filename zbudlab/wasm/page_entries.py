"""The exports of the live pages' module: only what they call, so that a page loads no more."""

from zbudlab.experiments import interpreter
from zbudlab.mm import inspection
from zbudlab.wasm.entries import Entry, entry_of


def entries() -> list[Entry]:
    """Return the exports, sorted by name."""
    return [entry_of(inspection.look_at_frames), entry_of(interpreter.run_rows)]
