"""The exports of the live pages' module: only what they call, so that a page loads no more."""

from zbudlab import layout
from zbudlab.driver import calls
from zbudlab.experiments import interpreter
from zbudlab.mm import inspection, zbud_header
from zbudlab.races import steps
from zbudlab.wasm.entries import Entry, entry_of


def entries() -> list[Entry]:
    """Return the exports, sorted by name."""
    plain = (calls.cma_alloc, calls.cma_release, inspection.look_at_frames, interpreter.run_rows)
    others = (
        entry_of(steps.compact_step, actor=layout.actor),
        entry_of(zbud_header.handle_pfn, pool=layout.zbud_pool),
    )
    return sorted([*map(entry_of, plain), *others])
