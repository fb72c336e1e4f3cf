"""Random operations of all mechanisms, which call every kernel of these modules."""

import numpy as np

from zbudlab import jit, layout
from zbudlab.mm import (
    bootmem,
    list_head,
    migrate,
    page,
    page_alloc,
    page_alloc_check,
    radix_tree,
    zbud,
    zbud_check,
    zbud_header,
)
from zbudlab.mm.inspection import arrays
from zbudlab.mm.state import State

MODULES = (
    "bootmem",
    "list_head",
    "page",
    "page_alloc",
    "page_alloc_check",
    "radix_tree",
    "zbud",
    "zbud_check",
    "zbud_header",
    "zbud_migrate",
)
#: Kernels of these mechanisms; the machine has no pool of zsmalloc, whose kernels go elsewhere.
NAMES = [
    name
    for name in jit.KERNELS
    if name.partition(".")[0] in MODULES and not name.endswith("_zsmalloc")
]
FRAMES = 1088
TYPES = (layout.MIGRATE_UNMOVABLE, layout.MIGRATE_RECLAIMABLE, layout.MIGRATE_MOVABLE)


class Script:
    """Random operations of all mechanisms on one small machine; their answers, its arrays."""

    def __init__(self, seed=3):
        self.random = np.random.default_rng(seed)
        self.state = State(FRAMES, pageblock_order=4, pools=2)
        bootmem.free_pages_memory(self.state.mem, 0, 3)
        bootmem.free_pages_memory(self.state.mem, 3, 1024)
        bootmem.init_cma_reserved_pageblocks(self.state.mem, 1024, FRAMES)
        for _ in range(3):  # leaves 256 frames and the CMA area
            page_alloc.alloc_pages(self.state.mem, 8, layout.MIGRATE_UNMOVABLE)
        for number, variant in enumerate((layout.ZBUD_SERIES, layout.ZBUD_PLAIN)):
            self.state.create_pool(number, variant)
        self.state.reserve_nodes(20)
        self.root = np.zeros(1, layout.radix_tree_root)
        self.held = []
        self.handles = []
        self.keys = []
        self.answers = []

    def call(self, function, *arguments):
        self.answers.append(function(*arguments))
        return self.answers[-1]

    def pick(self, things):
        return things.pop(int(self.random.integers(len(things))))

    def play(self, turns):
        steps = (self.blocks, self.objects, self.objects, self.tree)
        for turn in range(turns):
            steps[turn % len(steps)]()
        self.visit()
        return self

    def blocks(self):
        if self.held and self.random.integers(2):
            self.call(page_alloc.put_page, self.state.mem, self.pick(self.held))
            return
        migratetype = TYPES[self.random.integers(3)]
        order = int(self.random.integers(5))
        pfn = self.call(page_alloc.alloc_pages, self.state.mem, order, migratetype)
        if pfn >= 0:
            self.held.append(pfn)

    def objects(self):
        choice = self.random.integers(8)
        if choice < 4 or not self.handles:
            size = int(self.random.integers(-1, 4100))
            movable = layout.MIGRATE_MOVABLE
            handle = self.call(zbud.zbud_alloc, self.state.mem, 0, size, movable)
            if handle > 0:
                self.handles.append(handle)
        elif choice == 4:
            self.call(zbud.zbud_free, self.state.mem, 0, self.pick(self.handles))
        elif choice == 5:
            self.map_and_migrate(self.handles[self.random.integers(len(self.handles))])
        else:
            self.reclaim()

    def map_and_migrate(self, handle):
        state = self.state
        pfn = self.call(zbud_header.handle_pfn, state.pools[0], state.nodes, handle)
        self.call(zbud.zbud_map, state.mem, 0, handle)
        self.call(migrate.migrate_pool_page, state.mem, pfn)
        self.call(zbud.zbud_unmap, state.mem, 0, handle)
        self.call(migrate.migrate_pool_page, state.mem, pfn)

    def reclaim(self):
        handles = np.zeros(2, np.int64)
        pfn = self.call(zbud.zbud_reclaim_begin, self.state.mem, 0, handles)
        for handle in handles.tolist():
            if handle in self.handles:
                self.handles.remove(handle)
                self.call(zbud.zbud_free, self.state.mem, 0, handle)
        self.call(zbud.zbud_reclaim_end, self.state.mem, 0, pfn)

    def tree(self):
        nodes, root = self.state.nodes, self.root[0]
        key = np.uint64(self.random.integers(2 ** self.random.integers(1, 63)))
        self.call(radix_tree.radix_tree_insert, nodes, root, key, int(key % 1000) + 1)
        self.call(radix_tree.radix_tree_lookup, nodes, root, key)
        self.call(radix_tree.radix_tree_replace, nodes, root, key, 7)
        self.call(radix_tree.radix_tree_next_hole, nodes, root, key, 3)
        self.keys.append(key)
        if len(self.keys) > 4:
            self.call(radix_tree.radix_tree_delete, nodes, root, self.pick(self.keys))

    def visit(self):
        """Call each kernel that nothing above leads to once, and check the machine."""
        self.visit_pages()
        self.visit_zbud()
        self.visit_blocks_and_lists()
        state = self.state
        self.faults = [
            self.call(page_alloc_check.first_fault, state.mem),
            self.call(zbud_check.first_fault, state.mem, 0),
            self.call(radix_tree.first_fault, state.nodes, state.pools[0]),
            self.call(radix_tree.first_fault, state.nodes, self.root[0]),
        ]

    def visit_pages(self):
        state, record = self.state, self.state.pages[2]
        for function in (page.page_address, page.address_pfn):
            self.call(function, 12345)
        self.call(page.page_mapped, record)
        self.call(page.page_lru, record)
        other = np.zeros(1, layout.page)[0]
        self.call(page.set_page_z3fold, other)
        self.call(page.page_z3fold, other)
        keys, found = np.array(self.keys, np.uint64), np.zeros(len(self.keys), np.int64)
        self.call(radix_tree.radix_tree_lookup_batch, state.nodes, self.root[0], keys, found)
        self.answers.extend(found.tolist())

    def visit_zbud(self):
        state = self.state
        self.call(zbud.zbud_handle_exists, state.mem, 0, 1)
        plain = self.call(zbud.zbud_alloc, state.mem, 1, 99, layout.MIGRATE_UNMOVABLE)
        self.call(zbud.zbud_handle_exists, state.mem, 1, plain)
        old = self.call(zbud.zbud_reclaim_begin, state.mem, 1, np.zeros(2, np.int64))
        self.call(zbud.zbud_reclaim_end, state.mem, 1, old)
        self.free_while_mapped()

    def free_while_mapped(self):
        """Free an object while it is mapped, with its page kept until the unmap."""
        state = self.state
        state.zswaps["keep_page_until_unmap"] = 1
        handle = self.call(zbud.zbud_alloc, state.mem, 0, 99, layout.MIGRATE_MOVABLE)
        for function in (zbud.zbud_map, zbud.zbud_free, zbud.zbud_unmap):
            self.call(function, state.mem, 0, handle)
        state.zswaps["keep_page_until_unmap"] = 0

    def visit_blocks_and_lists(self):
        state = self.state
        free = next(pfn for pfn in range(FRAMES) if page.page_buddy(state.pages[pfn]))
        self.call(page_alloc.move_freepages_block, state.mem, free, layout.MIGRATE_UNMOVABLE)
        order = int(state.pages[free]["order"])
        self.call(page_alloc.isolate_free_page, state.mem, free, order)
        spare = np.zeros(3, layout.zbud_header)
        list_head.init_list_head(spare, 0, 0)
        list_head.list_add_tail(spare, 0, 1, 0)
        list_head.list_replace(spare, 0, 1, 2)
        entries = np.zeros(3, np.int64)
        self.call(list_head.list_entries, spare, 0, 0, entries)
        self.answers.extend(entries.tolist())
        frames = self.random.integers(0, 256, (4, layout.PAGE_SIZE), np.uint8)
        self.call(page.copy_highpages, frames, np.array([0, 3]), np.array([1, 0]))
        self.answers.extend(frames.sum(axis=1).tolist())

    def outcome(self):
        """All answers and all bytes."""
        bytes_of = {name: array.tobytes() for name, array in arrays(self.state).items()}
        return [tuple(map(int, np.atleast_1d(a))) for a in self.answers if a is not None], bytes_of
