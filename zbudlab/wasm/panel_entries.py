"""The exports of the module of pages with a machine under pressure: only what they call."""

from zbudlab.driver import calls
from zbudlab.driver import log as driver_log
from zbudlab.mm import compaction, inspection, page_alloc, vmstat
from zbudlab.wasm.entries import Entry, entry_of


def entries() -> list[Entry]:
    """Return the exports, sorted by name."""
    kernels = (
        calls.alloc_pages_slowpath,
        calls.create_process,
        calls.exit_process,
        compaction.compact_zone_order,
        compaction.rescan,
        driver_log.operations_run,
        inspection.look_at_frames,
        page_alloc.put_page,
        vmstat.extfrag_indices,
    )
    return sorted(map(entry_of, kernels))
