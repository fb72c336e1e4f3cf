"""The obvious twin of today's zswap: entries in a dict, lists as Python lists, charges summed anew.

It answers traces line by line, as `zbudlab.conformance.zswap7` does, from the rules in
tests/data/README.md. What zsmalloc holds comes from zsmalloc's twin.
"""

from collections import Counter, defaultdict

from tests.naive_zsmalloc import NaiveZsmalloc
from zbudlab.layout import ENOMEM, PAGE_SIZE

COUNTED = ("limit", "reclaim", "fail", "poor", "alloc", "kmem", "decomp", "written")
KNOWN = ("lzo", "zstd", "lz4")


class Frames:
    """Page frames without end; the next `failures` allocations fail."""

    def __init__(self):
        self.failures = self.last = 0
        self.references = defaultdict(lambda: 1)

    def alloc(self, order, migratetype):
        if self.failures:
            self.failures -= 1
            return -ENOMEM
        self.last += 1
        return self.last

    def put_page(self, pfn):
        return True


class Entry:
    def __init__(self, slot, page, length, cgroup, pool):
        self.slot, self.page, self.length = slot, page, length
        self.cgroup, self.pool = cgroup, pool
        self.marked = True


class Group:
    def __init__(self):
        self.writeback = self.online = True
        self.max = -1
        self.swapins = 0
        self.list = []  # the next to be looked at first


class NaiveZswap7:
    """zswap, and the world around it."""

    def __init__(self, batch, zsmalloc):
        self.batch, self.zsmalloc = batch, zsmalloc
        self.settings = {"R": 1_000_000, "P": 20, "T": 90, "E": 1, "Y": 0}
        self.frames = Frames()
        self.groups = [Group()]
        self.entries = {}  # by slot
        self.pools = []
        self.switch("lzo")
        self.counts = Counter()
        self.fails = Counter()
        self.full = self.queued = False
        self.turn = -1  # the cgroup where the work was last
        self.disk, self.owners, self.cached, self.written = {}, {}, set(), []

    # --- sums ----------------------------------------------------------------------------------

    def pages(self):
        return sum(pool.pages_nr() for _, pool in self.pools)

    def most(self):
        return self.settings["R"] * self.settings["P"] // 100

    def low(self):
        return self.most() * self.settings["T"] // 100

    def charged(self, group):
        """Entries that a cgroup is charged for; those of the root are not charged."""
        return [e for e in self.entries.values() if e.cgroup and group in (0, e.cgroup)]

    def may_write(self, group):
        if not self.settings["E"]:
            return True
        return self.groups[0].writeback and self.groups[group].writeback

    def fails_now(self, what):
        fails = self.fails[what] > 0
        self.fails[what] -= fails
        return fails

    # --- entries -------------------------------------------------------------------------------

    def drop(self, slot):
        entry = self.entries.pop(slot, None)
        if entry:
            self.groups[entry.cgroup].list.remove(entry)
            entry.pool.free(entry.handle)
            used = {each.pool for each in self.entries.values()} | {self.pools[0][1]}
            self.pools = [each for each in self.pools if each[1] in used]

    def store_page(self, slot, page, length, group):
        if self.fails_now("kmem"):
            self.counts["kmem"] += 1
            return False
        if not 0 < length < PAGE_SIZE:
            if not self.may_write(group):
                self.counts["poor" if length == -2 or length > PAGE_SIZE else "fail"] += 1
                return False
            length = PAGE_SIZE
        pool = self.pools[0][1]
        handle = pool.malloc(length)
        if handle < 0:
            self.counts["alloc"] += 1
            return False
        if self.fails_now("xa"):
            self.counts["alloc"] += 1
            pool.free(handle)
            return False
        entry = Entry(slot, page, length, group, pool)
        entry.handle = handle
        self.drop(slot)
        self.entries[slot] = entry
        self.groups[group].list.append(entry)
        return True

    def store(self, group, pages):
        """Store the pages of a folio, (slot, page, length). Return whether all are in."""
        if not self.settings["E"]:
            return False
        limit, charged = self.groups[group].max, sum(e.length for e in self.charged(group))
        at_limit = group and limit >= 0 and charged // PAGE_SIZE >= limit
        if at_limit and self.shrink(group) != "written":
            return False
        if self.pages() >= self.most():
            self.counts["limit"] += 1
            self.full = True
        elif self.pages() <= self.low():
            self.full = False
        return not self.full and all(self.store_page(*each, group) for each in pages)

    # --- shrinking -----------------------------------------------------------------------------

    def write_back(self, entry):
        """Write an entry back. Return None, or why not."""
        if self.fails_now("cache"):
            return "no memory"
        if entry.slot in self.cached:
            return "cached"
        if entry.length < PAGE_SIZE and self.fails_now("decomp"):
            self.counts["decomp"] += 1
            return "damaged"
        self.drop(entry.slot)
        self.disk[entry.slot] = entry.page
        self.written.append(entry.slot)
        self.counts["written"] += 1
        return None

    def walk(self, group, looks, stops=False):
        """Look at entries. Return how many were written, the looks left, whether it stopped."""
        members, written, following = self.groups[group].list, 0, None
        while looks:
            entry = following or next(iter(members), None)
            if entry is None:
                break
            after = members.index(entry) + 1
            following = members[after] if after < len(members) else None
            members.remove(entry)
            members.append(entry)
            looks -= 1
            if entry.marked:
                entry.marked = False
                if following is None:
                    break
                continue
            following = None
            why = self.write_back(entry)
            written += why is None
            self.counts["reclaim"] += why is not None
            if why == "cached" and stops:
                return written, looks, True
        return written, looks, False

    def shrink(self, group):
        if not (self.may_write(group) and self.groups[group].online):
            return "no candidate"
        written, looks, _ = self.walk(group, self.batch)
        if looks == self.batch:
            return "no candidate"
        return "written" if written else "none written"

    def work(self):
        self.queued = False
        goal, failures, candidates = self.low(), 0, 0
        while True:
            self.turn += 1
            while self.turn < len(self.groups) and not self.groups[self.turn].online:
                self.turn += 1
            if self.turn == len(self.groups):
                self.turn = -1
                failures += not candidates
                candidates = 0
            else:
                found = self.shrink(self.turn)
                candidates += found != "no candidate"
                failures += found == "none written"
            if failures == 16 or self.pages() <= goal:
                return

    # --- lines ---------------------------------------------------------------------------------

    def answer(self, line):
        name, *words = line.split()
        numbers = [] if name in "AX" else [int(word) for word in words]
        self.written = []
        if name in self.settings:
            self.settings[name] = numbers[0]
            result = ""
        else:
            result = getattr(self, f"do_{name}")(*(words if name in "AX" else numbers))
        whole = sum(e.length == PAGE_SIZE for e in self.entries.values())
        counts = [self.pages(), len(self.entries), whole, *(self.counts[each] for each in COUNTED)]
        numbers = [*counts, int(self.full), int(self.queued)]
        parts = [*(f"wb:{slot}" for slot in self.written), result, "|", *map(str, numbers)]
        return " ".join(part for part in parts if part)

    def do_S(self, group, first, order, *pairs):
        pages = [(first + i, pairs[2 * i], pairs[2 * i + 1]) for i in range(1 << order)]
        self.owners |= {slot: group for slot, *_ in pages}
        if self.store(group, pages):
            return "zswap"
        self.queued |= bool(self.full and self.settings["E"])
        for slot, *_ in pages:
            self.drop(slot)
        if not self.may_write(group):
            return "kept"
        self.disk |= {slot: page for slot, page, _ in pages}
        return "disk"

    def do_L(self, slot):
        entry = self.entries.get(slot)
        if entry is None:
            self.groups[self.owners.get(slot, 0)].swapins += 1
            return f"-2 {self.disk.get(slot, -1)} 00"
        if entry.length < PAGE_SIZE and self.fails_now("decomp"):
            self.counts["decomp"] += 1
            return "-5 -1 00"
        self.drop(slot)
        return f"0 {entry.page} 11"

    def do_I(self, slot):
        self.drop(slot)
        self.disk.pop(slot, None)
        return "ok"

    def do_D(self, slot):
        return str(self.disk.get(slot, -1))

    def do_K(self):
        if not self.queued:
            return "0"
        self.work()
        return "1"

    def do_H(self, group, looks):
        if not (self.settings["Y"] and self.may_write(group)):
            return f"-1 left {looks}"
        written, left, stopped = self.walk(group, looks, stops=True)
        return f"{-1 if stopped or not written else written} left {left}"

    def do_C(self, group):
        mine, listed, count = self.charged(group), len(self.groups[group].list), 0
        if self.settings["Y"] and self.may_write(group) and mine and listed:
            taken = min(listed, self.groups[group].swapins)
            self.groups[group].swapins -= taken
            count = (listed - taken) * (sum(e.length for e in mine) // PAGE_SIZE) // len(mine)
        return f"{count} swapins {self.groups[group].swapins}"

    def do_Q(self, group):
        return " ".join(f"{e.slot}:{int(e.marked)}" for e in self.groups[group].list)

    def do_U(self, group):
        lengths = [e.length for e in self.charged(group)]
        return f"{sum(lengths)} {len(lengths)} {lengths.count(PAGE_SIZE)}"

    def do_G(self, count):
        self.groups += [Group() for _ in range(count - len(self.groups))]
        return ""

    def do_B(self, group, on):
        self.groups[group].writeback = bool(on)
        return ""

    def do_M(self, group, most):
        self.groups[group].max = most
        return ""

    def do_O(self, group, on):
        self.groups[group].online = bool(on)
        return ""

    def do_W(self, slot):
        self.cached.add(slot)
        return ""

    def do_V(self, slot):
        self.cached.discard(slot)
        return ""

    def do_X(self, what, count):
        if what == "page":
            self.frames.failures = int(count)
        self.fails[what] = int(count)
        return ""

    def switch(self, name):
        old = [each for each in self.pools if each[0] == name]
        new = old or [(name, NaiveZsmalloc(self.frames, self.zsmalloc))]
        used = {each.pool for each in self.entries.values()}
        rest = [each for each in self.pools if each[0] != name and each[1] in used]
        self.pools = [*new, *rest]

    def do_A(self, name):
        if name in KNOWN:
            self.switch(name)
        pools = [f"{each}:{pool.pages_nr()}" for each, pool in self.pools]
        return " ".join(["0" if name in KNOWN else "-2", *pools])

    def do_Z(self):
        return str(sum(pool.compact() for _, pool in self.pools))
