"""A machine with zswap of 6.1 that does what a recording says, on the allocator that it names."""

from zbudlab import layout
from zbudlab.conformance.recording import Recording
from zbudlab.conformance.run7 import sizes_that_grow
from zbudlab.conformance.trace import TraceError
from zbudlab.conformance.zswap61 import Zswap61Harness
from zbudlab.layout import PAGE_SIZE
from zbudlab.mm import zsmalloc_class, zsmalloc_compact

POOL = 0
ONCE = "6.1 reads the size of a pool anew when a page is stored or dropped; a reading counts once"
AMPLE = 1 << 20  #: pages of memory; no recording of 6.1 reaches its limit


def zpool_kind(name: str) -> int:
    """Return the number of an allocator. TraceError if the lab does not have it."""
    kind = getattr(layout, f"ZPOOL_{name.upper()}", None)
    if kind is None:
        raise TraceError(f"the recording is of {name}, which the lab does not have")
    return int(kind)


class Run61:
    """One process, and swap on a RAM disk.

    recording: where its settings come from.
    """

    def __init__(self, recording: Recording) -> None:
        given = recording.settings
        self.kind = zpool_kind(given.get("zpool", "zbud"))
        self.notes = [f"zswap of 6.1 on {given.get('zpool', 'zbud')}"]
        stores = len(recording.rows) + layout.ZS_SIZE_CLASSES * layout.ZS_MAX_CHAIN
        self.harness = Zswap61Harness(stores, self.kind)
        self.state = self.harness.state
        zswap = self.state.zswaps[0]
        zswap["totalram_pages"] = AMPLE
        zswap["max_pool_percent"] = recording.setting("max_pool_percent", 20)
        zswap["accept_threshold_percent"] = recording.setting("accept_threshold_percent", 90)
        zswap["same_filled_pages_enabled"] = given.get("same_filled_pages_enabled", "Y") == "Y"
        zswap["pool_pages"] = recording.pool_before
        if self.kind == layout.ZPOOL_Z3FOLD:
            self.notes.append(ONCE)
        self.pages: set[int] = set()

    def store(self, page: int, length: int) -> None:
        """Store a page."""
        self.pages.add(page)
        self.harness.store(page, -1 if length > PAGE_SIZE else length)

    def load(self, page: int) -> None:
        """Load a page."""
        self.pages.discard(page)
        self.harness.load(page)

    def free(self, page: int) -> None:
        """Free a page."""
        self.pages.discard(page)
        self.harness.free(page)

    def free_all(self) -> None:
        """Free all pages, in order."""
        for page in sorted(self.pages):
            self.harness.free(page)
        self.pages.clear()

    def shrink(self) -> None:
        """Let zsmalloc's shrinker compact the pool; the counter of its size does not change."""
        zsmalloc = self.kind == layout.ZPOOL_ZSMALLOC
        if zsmalloc and zsmalloc_class.zs_shrinker_count(self.state.mem, POOL):
            zsmalloc_compact.zs_compact(self.state.mem, POOL)

    def follow(self, pool_pages: int) -> None:
        """Report `pool_pages` pages of the pool until their number is read again.

        The moment at which z3fold's work releases a page varies, even while 64 slots are freed at
        once.
        """
        if self.kind == layout.ZPOOL_Z3FOLD:
            self.state.zswaps["pool_pages"] = pool_pages

    def catch_up(self, stored: int, pool_pages: int, least: int = 0) -> bool:
        """Return False: there is no shrink work."""
        return False

    def let_in(self, least: int = 0) -> bool:
        """Return False: there is no limit."""
        return False

    def shut_out(self) -> bool:
        """Return False: there is no limit."""
        return False

    def counted(self) -> dict[str, int]:
        """Return the counters by column name."""
        counters = self.harness.swap.counters()
        return {
            "stored": counters["stored_pages"],
            "same": counters["same_filled_pages"],
            "pool_pages": counters["pool_pages"],
        }

    def zspages(self) -> int:
        """Return the pages of the pool."""
        return int(self.state.pools["pages_nr"][POOL])

    def sizes_that_grow(self, grown: int) -> list[int]:
        """Return the class sizes with which the pool grows by `grown` pages."""
        return sizes_that_grow(self.state, POOL, grown)
