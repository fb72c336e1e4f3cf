"""Traces of zswap 7.2 and 7.3: folios, cgroups, shrinking, and the answers to each.

The format is described in tests/data/README.md. A page has a number, from which all its bytes
follow, so each load also checks what zsmalloc kept.
"""

from collections.abc import Callable, Iterator
from errno import ENOENT
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.conformance.trace import Operation
from zbudlab.conformance.zswap7_world import SQUEEZED, TraceWorld, page_of
from zbudlab.conformance.zswap_settings import whole_numbers
from zbudlab.content.compressors import DamagedData
from zbudlab.layout import MAX_CGROUPS, ROOT_CGROUP, ZPOOL_ZSMALLOC
from zbudlab.mm import zsmalloc_compact, zswap_cgroup
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State
from zbudlab.profiles import OWN_LRU, zsmalloc_rules
from zbudlab.swap.folios import CompressorPools, FolioZswap, boot

KNOWN = ("lzo", "lzo-rle", "lz4", "lz4hc", "zstd", "deflate", "842")
MOST = 1 << 31  #: numbers of a trace are smaller
MOST_ORDER = 9  #: of a folio
MOST_SCANNED = 1 << 16  #: entries of one scan, which may look at an entry again and again
NOTHING = -1  #: the page that the device has for a slot that was not written
LEAST_LENGTH = -2

#: Operations and how many numbers each takes; -1 = it has words, or any number of numbers.
OPERATIONS = {"S": -1, "L": 1, "I": 1, "K": 0, "Y": 1, "H": 2, "C": 1, "Q": 1, "R": 1, "P": 1}
OPERATIONS |= {"T": 1, "E": 1, "G": 1, "B": 2, "M": 2, "O": 2, "U": 1, "W": 1, "V": 1, "X": -1}
OPERATIONS |= {"A": -1, "Z": 0, "D": 1}
PLAIN_SETTINGS = {"R": "totalram_pages", "P": "max_pool_percent", "E": "enabled"}
PLAIN_SETTINGS |= {"T": "accept_threshold_percent", "Y": "shrinker_enabled"}
SWITCHES = ("E", "Y")
FAILURES = ("page", "kmem", "xa", "decomp", "cache")
TOTALRAM, MAX_POOL_PERCENT, ACCEPT_THRESHOLD_PERCENT = 1_000_000, 20, 90


class Zswap7Harness:
    """zswap of one kernel version on its zsmalloc, and the world around it.

    version: whose rules both follow. frames: the most page frames that the trace needs.
    """

    def __init__(self, version: str, frames: int, chain: int | None = None) -> None:
        self.state = State(frames, pools=len(KNOWN))
        free_all_bootmem(self.state.mem, frames, [])
        boot(self.state, OWN_LRU[version])
        self.zsmalloc = zsmalloc_rules(version, chain)
        self.world = TraceWorld(self.state)
        self.zswap = FolioZswap(self.state, self.world)
        self.pools = CompressorPools(self.state, self.make_pool, KNOWN)
        self.pools.use(KNOWN[0])
        self.state.zswaps["totalram_pages"] = TOTALRAM
        self.state.zswaps["max_pool_percent"] = MAX_POOL_PERCENT
        self.state.zswaps["accept_threshold_percent"] = ACCEPT_THRESHOLD_PERCENT
        self.cgroups = 1
        self.numbers: list[int] = []  # the trace's number of each slot
        self.places: dict[int, int] = {}  # slots by the trace's number
        self.owners: dict[int, int] = {}  # the cgroup of the page that was stored last, by slot

    def make_pool(self, number: int) -> None:
        """Start a pool."""
        self.state.create_pool(number, 0, ZPOOL_ZSMALLOC, self.zsmalloc)

    # --- what is printed -----------------------------------------------------------------------

    def line(self, result: str) -> str:
        """Return an answer: what was written back, the result, and the counters."""
        written = [f"wb:{self.numbers[slot]}" for slot in self.world.written]
        self.world.written = []
        counted = " ".join(map(str, self.zswap.counters().values()))
        return " ".join(filter(None, [*written, result, "|", counted]))

    # --- numbers of the trace ------------------------------------------------------------------

    def slot(self, number: int) -> int:
        """Return the slot that has a number of the trace."""
        if number not in self.places:
            self.places[number] = len(self.numbers)
            self.numbers.append(number)
            self.state.reserve_slots(len(self.numbers))
        return self.places[number]

    def cgroup(self, operation: Operation, number: int) -> int:
        """Return a cgroup of the trace."""
        if not 0 <= number < self.cgroups:
            raise operation.fail(f"there are cgroups 0 to {self.cgroups - 1}; G makes more")
        return number

    # --- stores and loads ----------------------------------------------------------------------

    def S(self, operation: Operation, cgroup: int, first: int, *rest: int) -> str:
        """Store a folio."""
        self.cgroup(operation, cgroup)
        order, *pairs = rest
        if not 0 <= order <= MOST_ORDER or len(pairs) != 2 << order:
            raise operation.fail(
                f"a folio of 2^ORDER pages (0 to {MOST_ORDER}) has a pair for each"
            )
        pages, lengths = pairs[::2], np.array(pairs[1::2], np.int32)
        if lengths.min() < LEAST_LENGTH or first < 0 or min(pages) < 0:
            raise operation.fail(f"slots and pages are 0 or more, lengths {LEAST_LENGTH} or more")
        slots = np.array([self.slot(first + each) for each in range(1 << order)])
        content = np.stack([page_of(page) for page in pages])
        answer = self.zswap.store(slots, cgroup, content ^ SQUEEZED, content, lengths)
        for slot, page in zip(slots.tolist(), pages, strict=True):
            self.owners[slot] = cgroup
            if answer:
                self.world.stored.pop(slot, None)
            else:
                self.world.stored[slot] = page
        if not answer:
            return "zswap"
        if not zswap_cgroup.mem_cgroup_zswap_writeback_enabled(self.state.mem, cgroup):
            return "kept"
        self.world.disk |= zip(slots.tolist(), pages, strict=True)
        return "disk"

    def L(self, operation: Operation, number: int) -> str:
        """Load a page."""
        slot = self.slot(number)
        try:
            page = self.zswap.load(slot)
        except DamagedData:
            return "-5 -1 00"
        if page is not None:
            return f"0 {page!r} 11"
        self.zswap.swapped_in(self.owners.get(slot, ROOT_CGROUP))
        return f"-{ENOENT} {self.world.disk.get(slot, NOTHING)} 00"

    def I(self, operation: Operation, number: int) -> str:  # noqa: E743
        """Free a slot."""
        self.zswap.invalidate(self.slot(number))
        self.world.disk.pop(self.slot(number), None)
        return "ok"

    def D(self, operation: Operation, number: int) -> str:
        """Report what the device has for a slot."""
        return str(self.world.disk.get(self.slot(number), NOTHING))

    # --- shrinking -----------------------------------------------------------------------------

    def K(self, operation: Operation) -> str:
        """Run the shrink work if it is queued."""
        if not self.state.zswaps["shrink_work"][0]:
            return "0"
        self.zswap.shrink_worker()
        return "1"

    def H(self, operation: Operation, cgroup: int, count: int) -> str:
        """Let the shrinker look at entries of a cgroup."""
        if not 0 <= count <= MOST_SCANNED:
            raise operation.fail(f"the shrinker looks at 0 to {MOST_SCANNED} entries")
        answer, left = self.zswap.shrinker_scan(self.cgroup(operation, cgroup), count)
        return f"{answer} left {left}"

    def C(self, operation: Operation, cgroup: int) -> str:
        """Ask the shrinker for its count."""
        count = self.zswap.shrinker_count(self.cgroup(operation, cgroup))
        return f"{count} swapins {self.state.cgroups['nr_disk_swapins'][cgroup]}"

    def Q(self, operation: Operation, cgroup: int) -> str:
        """Show the list of a cgroup, its head first."""
        lrus = self.state.lrus
        members = list_members(lrus, layout.LRU, self.cgroup(operation, cgroup))
        slots = self.state.zswap_entries["slot"]
        shown = ((self.numbers[slots[at - MAX_CGROUPS]], lrus["referenced"][at]) for at in members)
        return " ".join(f"{number}:{mark}" for number, mark in shown)

    # --- settings ------------------------------------------------------------------------------

    def setting(self, operation: Operation, value: int) -> str:
        """Apply a setting that is a number."""
        if value < 0 or (operation.name in SWITCHES and value > 1):
            raise operation.fail("a setting is 0 or more, a switch 0 or 1")
        self.state.zswaps[PLAIN_SETTINGS[operation.name]] = value
        return ""

    R = P = T = E = Y = setting

    def G(self, operation: Operation, count: int) -> str:
        """Create cgroups below the root."""
        if not self.cgroups <= count <= MAX_CGROUPS:
            raise operation.fail(f"there can be {self.cgroups} to {MAX_CGROUPS} cgroups")
        for number in range(self.cgroups, count):
            self.zswap.new_cgroup(number)
        self.cgroups = count
        return ""

    def of_cgroup(self, operation: Operation, cgroup: int, field: str, value: int) -> str:
        """Apply a setting of a cgroup."""
        self.state.cgroups[field][self.cgroup(operation, cgroup)] = value
        return ""

    def B(self, operation: Operation, cgroup: int, value: int) -> str:
        """Set memory.zswap.writeback."""
        return self.of_cgroup(operation, cgroup, "zswap_writeback", int(value != 0))

    def M(self, operation: Operation, cgroup: int, value: int) -> str:
        """Set memory.zswap.max."""
        return self.of_cgroup(operation, cgroup, "zswap_max", max(value, layout.NO_LIMIT))

    def O(self, operation: Operation, cgroup: int, value: int) -> str:  # noqa: E743
        """Take a cgroup offline, or back online."""
        return self.of_cgroup(operation, cgroup, "online", int(value != 0))

    def U(self, operation: Operation, cgroup: int) -> str:
        """Show what a cgroup is charged for."""
        charged = self.state.cgroups[self.cgroup(operation, cgroup)]
        return f"{charged['zswap_bytes']} {charged['zswapped']} {charged['zswap_incomp']}"

    def W(self, operation: Operation, number: int) -> str:
        """Put a slot's page into the swap cache."""
        self.world.cached.add(self.slot(number))
        return ""

    def V(self, operation: Operation, number: int) -> str:
        """Take a slot's page out of the swap cache."""
        self.world.cached.discard(self.slot(number))
        return ""

    def X(self, operation: Operation, count: int) -> str:
        """Make the next calls of one kind fail."""
        what = operation.words[0]
        if what == "page":
            self.state.zone["fail_page_alloc"] = count
        elif what == "cache":
            self.world.fail_cache = count
        else:
            field = {"kmem": "entry_alloc", "xa": "tree_alloc", "decomp": "decompress"}[what]
            self.state.zswaps[f"fail_{field}"] = count
        return ""

    def A(self, operation: Operation, *_: int) -> str:
        """Change the compressor."""
        answer = self.pools.use(operation.words[0])
        pools = (f"{name}:{pages}" for name, pages in self.pools.live().items())
        return " ".join([str(answer), *pools])

    def Z(self, operation: Operation) -> str:
        """Compact all pools."""
        numbers = np.flatnonzero(self.state.pools["created"]).tolist()
        return str(sum(zsmalloc_compact.zs_compact(self.state.mem, each) for each in numbers))

    # --- lines ---------------------------------------------------------------------------------

    def arguments(self, operation: Operation) -> list[int]:
        """Return the numbers of a line. Raise TraceError for an invalid line."""
        name, words = operation.name, operation.words
        if name not in OPERATIONS:
            raise operation.fail(f"an operation is one of {', '.join(OPERATIONS)}")
        if name == "A" and len(words) != 1:
            raise operation.fail("A takes the name of a compressor")
        if name == "A":
            return []
        if name == "X" and not (len(words) == 2 and words[0] in FAILURES and words[1].isdecimal()):
            raise operation.fail(f"X takes one of {', '.join(FAILURES)}, and a number")
        count = OPERATIONS[name]
        least, most = (count, count) if count >= 0 else (5, len(words))
        numbers = (
            whole_numbers(operation, words[1:])
            if name == "X"
            else operation.numbers(least, at_most=max(least, most))
        )
        if any(abs(number) >= MOST for number in numbers):
            raise operation.fail(f"numbers are smaller than {MOST}")
        return numbers

    def run(self, operation: Operation) -> str:
        """Run an operation and return its answer."""
        numbers = self.arguments(operation)
        called: Callable[..., str] = getattr(self, operation.name)
        return self.line(called(operation, *numbers))


def zswap7_answers(
    operations: list[Operation], version: str = "7.3", chain: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of today's zswap, one line of text per operation.

    version: whose rules zswap and zsmalloc follow. chain: the most pages of a zspage.
    """
    stored = sum(len(operation.words) // 2 for operation in operations if operation.name == "S")
    longest = layout.ZS_SIZE_CLASSES * layout.ZS_MAX_CHAIN
    harness = Zswap7Harness(version, stored + longest, chain)
    for operation in operations:
        yield {"op": operation.text, "text": harness.run(operation)}
