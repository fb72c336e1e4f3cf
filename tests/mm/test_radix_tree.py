"""The radix tree against a dict, and its check against trees broken on purpose."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.naive import RadixTree
from zbudlab import layout
from zbudlab.mm import radix_tree
from zbudlab.mm.growth import grown

MAX_KEY = 2**64 - 1
EDGES = sorted(
    {(64**power + off) & MAX_KEY for power in range(12) for off in (-1, 0, 1)} | {2**63, MAX_KEY}
)
keys = st.integers(0, 140) | st.sampled_from(EDGES) | st.integers(0, MAX_KEY)
items = st.integers(1, 2**32 - 1)


def empty_tree(nodes=64):
    arena = np.zeros(nodes, layout.radix_tree_node)
    radix_tree.init_radix_tree_nodes(arena)
    return arena, np.zeros(1, layout.radix_tree_root)[0]


class Trees(RuleBasedStateMachine):
    """The engine's tree and a dict do the same."""

    def __init__(self):
        super().__init__()
        self.nodes, self.root = empty_tree()
        self.twin = RadixTree()

    def known_or(self, key, data):
        """Mostly a key that is there."""
        return data.draw(st.sampled_from(sorted(self.twin.items)) | st.just(key), "key")

    @rule(key=keys, item=items)
    def insert(self, key, item):
        if not radix_tree.radix_tree_preload(self.nodes, 1):
            self.nodes = grown(self.nodes, len(self.nodes))
        got = radix_tree.radix_tree_insert(self.nodes, self.root, np.uint64(key), item)
        assert got == self.twin.insert(key, item)

    @rule(start=keys, length=st.integers(1, 40), item=items)
    def insert_run(self, start, length, item):
        for key in range(start, min(start + length, MAX_KEY + 1)):
            self.insert(key, item)

    @rule(data=st.data(), key=keys)
    def delete(self, data, key):
        key = self.known_or(key, data) if self.twin.items else key
        got = radix_tree.radix_tree_delete(self.nodes, self.root, np.uint64(key))
        assert got == self.twin.items.pop(key, 0)

    @rule(data=st.data(), keep=st.integers(0, 3))
    def delete_most(self, data, keep):
        for key in data.draw(st.permutations(sorted(self.twin.items)))[keep:]:
            radix_tree.radix_tree_delete(self.nodes, self.root, np.uint64(key))
            del self.twin.items[key]
            self.holds_together()

    @rule(data=st.data(), key=keys, item=items)
    def replace(self, data, key, item):
        key = self.known_or(key, data) if self.twin.items else key
        got = radix_tree.radix_tree_replace(self.nodes, self.root, np.uint64(key), item)
        assert got == self.twin.replace(key, item)

    @rule(key=keys)
    def lookup(self, key):
        got = radix_tree.radix_tree_lookup(self.nodes, self.root, np.uint64(key))
        assert got == self.twin.items.get(key, 0)

    @rule(data=st.data(), key=keys, max_scan=st.integers(0, 200))
    def next_hole(self, data, key, max_scan):
        key = self.known_or(key, data) if self.twin.items else key
        got = radix_tree.radix_tree_next_hole(self.nodes, self.root, np.uint64(key), max_scan)
        assert got == self.twin.next_hole(key, max_scan)

    @invariant()
    def holds_together(self):
        assert radix_tree.first_fault(self.nodes, self.root) == (0, 0)

    @invariant()
    def holds_the_same(self):
        twin = self.twin
        assert self.root["items"] == len(twin.items)
        assert self.root["height"] == twin.height()
        assert self.nodes[0]["count"] == twin.nodes()
        wanted = [near for key in twin.items for near in (key, key ^ 1, key ^ 2**40)] + EDGES
        found = np.full(len(wanted), -1, np.int64)
        keys_of_all = np.array(wanted, np.uint64)
        radix_tree.radix_tree_lookup_batch(self.nodes, self.root, keys_of_all, found)
        assert found.tolist() == [twin.items.get(key, 0) for key in wanted]


TestTrees = Trees.TestCase
TestTrees.settings = settings(
    max_examples=60, stateful_step_count=100, derandomize=True, deadline=None
)


def test_two_trees_share_an_arena_and_give_every_node_back():
    nodes, one = empty_tree(400)
    other = np.zeros(1, layout.radix_tree_root)[0]
    for key in range(0, 9000, 90):
        assert radix_tree.radix_tree_insert(nodes, one, np.uint64(key), key + 1) == 0
        assert radix_tree.radix_tree_insert(nodes, other, np.uint64(key), key + 2) == 0
    for key in range(0, 9000, 90):
        assert radix_tree.radix_tree_delete(nodes, one, np.uint64(key)) == key + 1
        assert radix_tree.first_fault(nodes, other) == (0, 0)
        assert radix_tree.radix_tree_delete(nodes, other, np.uint64(key)) == key + 2
    assert nodes[0]["count"] == 0
    assert one["height"] == other["height"] == 0


def test_too_few_nodes_change_nothing():
    nodes, root = empty_tree(1 + radix_tree.RADIX_TREE_PRELOAD_SIZE)
    assert radix_tree.radix_tree_insert(nodes, root, np.uint64(MAX_KEY), 7) == 0
    before = nodes.tobytes(), root.tobytes()
    assert radix_tree.radix_tree_insert(nodes, root, np.uint64(5), 8) == -layout.ENOMEM
    assert (nodes.tobytes(), root.tobytes()) == before
    assert radix_tree.radix_tree_lookup(nodes, root, np.uint64(MAX_KEY)) == 7


@pytest.mark.parametrize("first", [0, 1, 64, MAX_KEY])
@pytest.mark.parametrize("second", [0, 63, 2**60, MAX_KEY])
def test_a_preload_is_enough_for_any_insertion(first, second):
    size = radix_tree.RADIX_TREE_PRELOAD_SIZE
    nodes, root = empty_tree(1 + 2 * size)
    for key in {first, second}:
        assert radix_tree.radix_tree_preload(nodes, 1)
        before = int(nodes[0]["count"])
        assert radix_tree.radix_tree_insert(nodes, root, np.uint64(key), 1) == 0
        assert nodes[0]["count"] <= before + size


@pytest.mark.parametrize("key", [0, 1, 77, MAX_KEY])
def test_a_slot_found_can_be_read_and_written(key):
    nodes, root = empty_tree()
    radix_tree.radix_tree_insert(nodes, root, np.uint64(key), 5)
    slot = radix_tree.radix_tree_lookup_slot(nodes, root, np.uint64(key))
    assert radix_tree.radix_tree_deref_slot(nodes, root, slot) == 5
    radix_tree.radix_tree_replace_slot(nodes, root, slot, 6)
    assert radix_tree.radix_tree_lookup(nodes, root, np.uint64(key)) == 6
    assert radix_tree.radix_tree_lookup_slot(nodes, root, np.uint64(key ^ 2)) == -1


def test_a_search_past_the_largest_key_ends_at_0():
    nodes, root = empty_tree()
    for key in (MAX_KEY - 1, MAX_KEY):
        radix_tree.radix_tree_insert(nodes, root, np.uint64(key), 1)
    twin = RadixTree()
    twin.items = {MAX_KEY - 1: 1, MAX_KEY: 1}
    for max_scan in (1, 2, 3, 100):
        hole = radix_tree.radix_tree_next_hole(nodes, root, np.uint64(MAX_KEY - 1), max_scan)
        assert hole == (MAX_KEY if max_scan == 1 else 0)
        assert hole == twin.next_hole(MAX_KEY - 1, max_scan)


# --- a check that can fail ---------------------------------------------------------------------


def miscount_slots(nodes, root):
    nodes["count"][root["rnode"]] += 1
    return int(root["rnode"])


def forget_the_parent(nodes, root):
    child = int(nodes[root["rnode"]]["slots"][0])
    nodes["parent"][child] = child
    return child


def miscount_items(nodes, root):
    root["items"] += 1
    return int(root["items"]) - 1


def keep_a_root_too_many(nodes, root):
    for slot in range(1, layout.RADIX_TREE_MAP_SIZE):
        nodes["slots"][root["rnode"], slot] = 0
    nodes["count"][root["rnode"]] = 1
    return int(root["height"])


def grow_beyond_all_keys(nodes, root):
    root["height"] = radix_tree.MAX_HEIGHT + 1
    return radix_tree.MAX_HEIGHT + 1


def lead_outside(nodes, root):
    nodes["slots"][int(root["rnode"]), 1] = len(nodes)
    return len(nodes)


BREAKS = {
    1: miscount_slots,
    2: forget_the_parent,
    3: miscount_items,
    4: keep_a_root_too_many,
    5: grow_beyond_all_keys,
    6: lead_outside,
}


@pytest.mark.parametrize("code", range(1, len(radix_tree.FAULTS)))
def test_first_fault_finds(code):
    nodes, root = empty_tree(200)
    for key in range(0, 9000, 500):
        radix_tree.radix_tree_insert(nodes, root, np.uint64(key), key + 1)
    assert radix_tree.first_fault(nodes, root) == (0, 0)
    where = BREAKS[code](nodes, root)
    assert radix_tree.first_fault(nodes, root) == (code, where)


def test_two_slots_that_lead_to_one_node_end_the_check():
    nodes, root = empty_tree(200)
    for key in range(0, 9000, 500):
        radix_tree.radix_tree_insert(nodes, root, np.uint64(key), key + 1)
    top = int(root["rnode"])
    child = nodes["slots"][top, 0]
    nodes["slots"][top, 1] = child
    assert radix_tree.first_fault(nodes, root) == (2, child)


def test_first_fault_finds_a_miscount_in_a_tree_without_nodes():
    nodes, root = empty_tree()
    radix_tree.radix_tree_insert(nodes, root, np.uint64(0), 9)
    assert radix_tree.first_fault(nodes, root) == (0, 0)
    root["items"] = 2
    assert radix_tree.first_fault(nodes, root) == (3, 1)
