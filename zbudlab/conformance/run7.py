"""A machine with zswap of 7.2 or 7.3 that does what a recording says."""

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.conformance.recording import Recording
from zbudlab.conformance.trace import TraceError
from zbudlab.content.recorded import NO_BYTES
from zbudlab.layout import ROOT_CGROUP, ZPOOL_ZSMALLOC
from zbudlab.mm import zsmalloc_class, zsmalloc_compact, zswap_pools
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.profiles import OWN_LRU, ZSMALLOC
from zbudlab.swap.folios import FolioZswap, boot

POOL = 0
PROCESS = 1  #: the cgroup of the recorded process
#: Pages of memory of the recorded machines, as max_pool_percent 1 shows them: 1493 and 1491.
MEMORY = {"7.2": 149_300, "7.3": 149_100}
ENDLESS = 1 << 40
ZSPAGE = 8  #: the most pages that the last entry of a zspage frees
#: Pages by which counters may differ after an operation at the limit. The files of counters are
#: read one after another while the work goes on. A batch is 32 entries, each in at most a page,
#: and the last of them can free a zspage: that much can happen between two files.
BAND = 32 + ZSPAGE
PERCENT = 100
END = object()


def version_of(recording: Recording, version: str | None) -> str:
    """Return the kernel whose rules a recording follows. Raise TraceError for an unknown one.

    No recording names its kernel. They differ only at the limit, which shows how much memory the
    machine had; `version` decides for other machines, or the newest.
    """
    known = list(OWN_LRU)
    if version is None:
        fitting = [each for each in known if fits(recording, MEMORY[each])]
        return (fitting or known)[-1]
    if version not in known:
        raise TraceError(f"version of zswap-run must be one of {', '.join(known)}, not {version}")
    return version


def fits(recording: Recording, memory: int) -> bool:
    """Return whether the first refusal fits a machine with `memory` pages."""
    if not recording.limited:
        return True
    low, high = limits_that_fit(recording)
    return low <= memory * recording.setting("max_pool_percent", 20) // PERCENT <= high


def limits_that_fit(recording: Recording) -> tuple[int, int]:
    """Return the least and the most pages that the limit can be, from the first refusal."""
    first = int(np.argmax(recording.column("limit_hit") > 0))
    pool = recording.column("pool_pages")[:first]
    return (int(pool[:-1].max()) + 1, int(pool[-1])) if first > 1 else (1, 1)


class Run7:
    """One process in a cgroup, swap that always has room, and no page bytes.

    recording: where its settings come from. version: see `version_of`.
    """

    def __init__(self, recording: Recording, version: str | None = None) -> None:
        either = version is None and not recording.limited
        version = version_of(recording, version)
        names = " and ".join(OWN_LRU) if either else version
        self.notes = [f"zswap and zsmalloc of {names}"]
        pages = int(recording.column("page").max()) + 1
        frames = layout.ZS_SIZE_CLASSES * layout.ZS_MAX_CHAIN + len(recording.rows)
        self.state = State(frames, page_bytes=False)
        free_all_bootmem(self.state.mem, frames, [])
        self.state.reserve_slots(pages)
        boot(self.state, OWN_LRU[version])
        self.state.create_pool(POOL, 0, ZPOOL_ZSMALLOC, ZSMALLOC[version])
        zswap_pools.zswap_pool_use(self.state.mem, POOL)
        self.zswap = FolioZswap(self.state, self)
        self.zswap.new_cgroup(PROCESS, ROOT_CGROUP)
        self.set(recording, MEMORY[version])
        self.device: set[int] = set()
        self.pages: set[int] = set()
        self.work: Generator[None, None, None] | None = None
        self.waiting = False  # the work has chosen a page
        self.forced = False  # the next page is taken whatever the limit

    def set(self, recording: Recording, memory: int) -> None:
        """Apply the settings of the recording. memory: pages of the recorded machines."""
        zswap, given = self.state.zswaps[0], recording.settings
        percent = recording.setting("max_pool_percent", 20)
        zswap["max_pool_percent"] = percent
        zswap["accept_threshold_percent"] = recording.setting("accept_threshold_percent", 90)
        zswap["shrinker_enabled"] = given.get("shrinker_enabled") == "Y"
        zswap["enabled"] = given.get("enabled", "Y") == "Y"
        zswap["totalram_pages"] = memory
        if percent and not fits(recording, memory):
            low, high = limits_that_fit(recording)
            zswap["totalram_pages"] = -(-high * PERCENT // percent)
            self.notes.append(f"solved: a limit of {low} to {high} pages fits; {high} is taken")

    # --- the world around zswap ----------------------------------------------------------------

    def prepare(self, slot: int) -> int:
        """Allocate a page of the swap cache, which always succeeds."""
        return 0

    def content(self, number: int, where: NDArray[np.int64]) -> int:
        """Return the tag of an entry's page."""
        return int(self.state.zswap_entries["word"][number])

    def written_back(self, slot: int, page: object) -> None:
        """Write a page to the device."""
        self.device.add(slot)

    # --- operations ----------------------------------------------------------------------------

    def store(self, page: int, length: int) -> None:
        """Store a page. A page of zeros is only marked in the swap table and never gets here."""
        self.pages.add(page)
        if length == NO_BYTES:
            self.zswap.invalidate(page)
            return
        data = np.full((1, 1), page, np.int64).view(np.uint8)
        given = np.array([page]), PROCESS, data, data, np.array([length], np.int32)
        memory = int(self.state.zswaps["totalram_pages"][0])
        if self.forced:
            self.state.zswaps["totalram_pages"] = ENDLESS
        if self.zswap.store(*given):
            self.device.add(page)
        self.state.zswaps["totalram_pages"] = memory
        self.forced = False

    def load(self, page: int) -> None:
        """Load a page, from wherever it is; its slot is freed."""
        if self.zswap.load(page) is None and page in self.device:
            self.zswap.swapped_in(PROCESS)
        self.free(page)

    def free(self, page: int) -> None:
        """Free a page."""
        self.zswap.invalidate(page)
        self.device.discard(page)
        self.pages.discard(page)

    def free_all(self) -> None:
        """Free all pages, in order."""
        for page in sorted(self.pages):
            self.free(page)

    def shrink(self) -> None:
        """Let zsmalloc's shrinker compact the pool, if that frees a page."""
        if zsmalloc_class.zs_shrinker_count(self.state.mem, POOL):
            zsmalloc_compact.zs_compact(self.state.mem, POOL)

    def catch_up(self, stored: int, pool_pages: int, least: int = 0) -> bool:
        """Let the shrink work go on down to at most `stored` pages in `pool_pages` frames.

        Then it waits with the next page chosen; what leads to the choice costs a kernel no time.
        least: pages that the kernel's work left before the next store. The frames are counted
        after the pages, so they may need more to be written, but never more than this.
        If the kernel's work wrote more than BAND pages after the lab's ended, start it again.
        Return whether that was needed.
        """
        again = False
        while True:
            ahead = int(self.state.zswaps["stored_pages"][0]) - stored
            enough = self.zspages() <= pool_pages or ahead <= least - stored
            if self.waiting and ahead <= 0 and enough:
                return again
            if not self.go_on():
                if ahead <= BAND:
                    return again
                again = True
                self.state.zswaps["shrink_work"] = 1

    def go_on(self) -> bool:
        """Write the page that the shrink work chose; choose again. Return whether work is left."""
        if self.work is None:
            if not self.state.zswaps["shrink_work"][0]:
                return False
            self.work = self.zswap.shrink_work()
        self.waiting = next(self.work, END) is not END
        if not self.waiting:
            self.work = None
        return True

    def is_full(self) -> bool:
        """Return whether the pool would take no page now."""
        zswap, mem = self.state.zswaps[0], self.state.mem
        pages = self.zspages()
        if pages >= int(zswap["totalram_pages"]) * int(zswap["max_pool_percent"]) // PERCENT:
            return True
        return bool(zswap["pool_reached_full"]) and pages > zswap_pools.zswap_accept_thr_pages(mem)

    def let_in(self, least: int = 0) -> bool:
        """Make the next store succeed; return whether that needed more than the shrink work.

        least: pages that the kernel's work left. If the pool has a page more here, that needs some
        more to be written, but not many.
        """
        zswap = self.state.zswaps[0]
        while self.work is not None and self.is_full() and zswap["stored_pages"] > least - ZSPAGE:
            self.go_on()
        if not self.is_full():
            return False
        zswap["pool_reached_full"] = 0  # the kernel found it small enough again
        self.forced = self.is_full()
        return True

    def shut_out(self) -> bool:
        """Make the next store fail; return whether it would have succeeded."""
        if self.is_full():
            return False
        self.state.zswaps["pool_reached_full"] = 1
        return self.is_full()

    def follow(self, pool_pages: int) -> None:
        """Do nothing: kernels 7.x read the size of the pool for every row."""

    # --- what it shows -------------------------------------------------------------------------

    def counted(self) -> dict[str, int]:
        """Return the counters by column name."""
        counters = self.zswap.counters()
        names = {"stored": "stored_pages", "incompressible": "stored_incompressible_pages"}
        return {column: counters[name] for column, name in names.items()} | {
            "pool_pages": counters["pool_pages"]
        }

    def zspages(self) -> int:
        """Return the pages of the pool."""
        return int(self.state.pools["pages_nr"][POOL])

    def sizes_that_grow(self, grown: int) -> list[int]:
        """Return the class sizes with which the pool grows by `grown` pages."""
        return sizes_that_grow(self.state, POOL, grown)


def sizes_that_grow(state: State, pool: int, grown: int) -> list[int]:
    """Return the sizes of zsmalloc's classes in which an object takes `grown` more pages."""
    first = int(state.pools["size_classes"][pool])
    if first < 0:
        return []
    classes = state.size_classes[first : first + layout.ZS_SIZE_CLASSES]
    kept = classes[np.unique(classes["used"])]
    has_room = kept["obj_used"] < kept["obj_allocated"]
    fits = has_room if grown == 0 else ~has_room & (kept["pages_per_zspage"] == grown)
    return [int(size) for size in kept["object_size"][fits]]
