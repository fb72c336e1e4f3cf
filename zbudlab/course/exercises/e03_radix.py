"""e03_radix: slots, heights, lookup, replace, insert."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Exercise, Rule, Setting, number
from zbudlab.course.exercises import GOLDEN_CHANGED, goldens, kernels_answer, why_golden
from zbudlab.layout import RADIX_TREE_MAP_MASK, RADIX_TREE_MAP_SHIFT, RADIX_TREE_MAP_SIZE

KIND = "radix"
NODES = 24  #: of the tree that runs short: enough for an insertion, and four nodes in use
LARGEST_KEY = (1 << 64) - 1
KEYS = (100, 999_999_999)  #: what the question about levels asks for, at least and at most
COUNTS = (65, 4000)  #: and the question about nodes

RULES = (
    Rule(
        "overwrite",
        "In this variant radix_tree_insert replaces the old item by the new one where the "
        "key has one already, and answers the old item. (The kernel's answers -EEXIST and changes "
        "nothing.) That works even when nodes are too few, as it needs none.",
        changes=("radix_tree_insert",),
        tells={
            "insert": {
                "why": "a key that has an item gets the new one in its place, and the old one is "
                "the answer; any other key is inserted, and root.items counts the items"
            },
            "short": {
                "title": "overwrites without a node, and changes nothing when nodes are too few",
                "hints": (
                    "Overwriting needs no node: see first whether the key has an item, and only "
                    "if it has none, ask radix_tree_preload before anything is changed.",
                ),
                "why": "a key that has an item is overwritten without any node, and any other "
                "insertion is done whole or not at all",
            },
            "golden": GOLDEN_CHANGED,
        },
    ),
)


# --- slots and heights -------------------------------------------------------------------------


def _slots(ways: Iterable[tuple[int, int]]) -> list[Case]:
    return [{"function": "slot_of", "arguments": [int(key), int(level)]} for key, level in ways]


def shown_slots(setting: Setting) -> list[Case]:
    small = [(5, 0), (63, 0), (64, 0), (64, 1), (5000, 0), (5000, 1), (5000, 2), (63, 1)]
    return _slots([*small, (LARGEST_KEY, 0), (LARGEST_KEY, 10), (1 << 63, 10), (1 << 60, 9)])


def drawn_slots(setting: Setting, random: np.random.Generator) -> list[Case]:
    keys = random.integers(0, 1 << random.integers(4, 60, 30))
    large = random.integers(1 << 60, 1 << 64, 10, dtype=np.uint64)
    levels = [*random.integers(0, 6, 30), *random.integers(6, 11, 10)]
    return _slots(zip([*sorted(keys), *large], levels, strict=True))


def why_slot(case: Case, got: Any, expected: Any) -> str:
    _, level = case["arguments"]
    if isinstance(got, int) and got & RADIX_TREE_MAP_MASK == expected:
        return "only 6 bits count; those above them belong to the levels above"
    low = level * RADIX_TREE_MAP_SHIFT
    return f"level {level} takes bits {low} to {low + RADIX_TREE_MAP_SHIFT - 1} of the key"


def _heights(keys: Iterable[int]) -> list[Case]:
    return [{"function": "height_for", "arguments": [int(key)]} for key in keys]


def shown_heights(setting: Setting) -> list[Case]:
    return _heights([0, 1, 63, 64, 4095, 4096, 5000, 1 << 18, 1 << 60, 1 << 63, (1 << 64) - 1])


def drawn_heights(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _heights(sorted(random.integers(0, 1 << random.integers(1, 62, 30))))


def why_height(case: Case, got: Any, expected: Any) -> str:
    if case["arguments"] == [0]:
        return "key 0 needs no node: its item is in the root itself"
    return f"{expected} levels hold keys below 64^{expected}"


# --- trees -------------------------------------------------------------------------------------


def _trace(*operations: str) -> Case:
    return {"kind": KIND, "trace": list(operations)}


def _key(random: np.random.Generator) -> int:
    """Return a key: usually small, sometimes very large."""
    bits = int(random.choice([2, 6, 7, 13, 13, 25, 60]))
    return int(random.integers(1 << bits))


def random_trace(random: np.random.Generator, length: int, words: tuple[str, ...]) -> Case:
    """Return operations on recurring keys; a third of them are insertions."""
    keys = [_key(random) for _ in range(max(3, length // 2))]
    operations = []
    for item in range(1, length + 1):
        word = "insert" if random.random() < 1 / 3 else str(random.choice(words))
        key = keys[int(random.integers(len(keys)))]
        operations.append(f"{word} {key} {item}" if word in _WITH_ITEM else f"{word} {key}")
    return _trace(*operations)


_WITH_ITEM = ("insert", "replace")


def shown_lookups(setting: Setting) -> list[Case]:
    return [
        _trace("lookup 3"),
        _trace("insert 0 5", "lookup 0", "lookup 1"),
        _trace("insert 1 7", "lookup 1", "lookup 2", "lookup 65"),
        _trace("insert 1 7", "delete 2", "lookup 1"),
        _trace("insert 1 7", "insert 64 3", "lookup 64", "lookup 1", "lookup 65", "lookup 4096"),
        _trace("insert 64 3", "insert 5000 9", "lookup 5000", "lookup 64", "lookup 4096"),
        _trace(f"insert {LARGEST_KEY} 2", f"lookup {LARGEST_KEY}", "lookup 0"),
        {"probe": "e03_radix.slots", "inserted": [], "keys": [0, 1]},
        {"probe": "e03_radix.slots", "inserted": [0], "keys": [0, 1]},
        {"probe": "e03_radix.slots", "inserted": [1, 64, 5000], "keys": [1, 2, 64, 4096, 5000, 0]},
    ]


def drawn_lookups(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [random_trace(random, length, ("lookup", "delete")) for length in (8, 20, 60)]


def shown_exchanges(setting: Setting) -> list[Case]:
    return [
        _trace("replace 3 9", "lookup 3"),
        _trace("insert 0 5", "replace 0 6", "lookup 0"),
        _trace("insert 3 7", "replace 3 9", "lookup 3", "delete 3"),
        _trace("insert 1 2", "insert 64 3", "insert 5000 4", "replace 64 700", "lookup 64"),
        _trace("insert 1 2", "replace 2 5", "lookup 2", "lookup 1"),
        _trace("insert 0 5", "replace 0 6", "insert 70 1", "lookup 0", "lookup 70"),
    ]


def drawn_exchanges(setting: Setting, random: np.random.Generator) -> list[Case]:
    words = ("replace", "replace", "lookup", "delete")
    return [random_trace(random, length, words) for length in (8, 20, 60)]


def shown_insertions(setting: Setting) -> list[Case]:
    return [
        _trace("insert 0 5", "lookup 0"),
        _trace("insert 1 7", "lookup 1"),
        _trace("insert 1 7", "insert 1 8", "lookup 1"),
        _trace("insert 0 5", "insert 0 6", "lookup 0"),
        _trace("insert 1 7", "insert 64 3", "lookup 1", "lookup 64"),
        _trace("insert 5000 9", "insert 1 2", "insert 5001 3", "lookup 5000", "lookup 1"),
        _trace("insert 5000 9", "insert 4096 4", "delete 5000", "delete 4096", "lookup 4096"),
        _trace("insert 1 7", f"insert {LARGEST_KEY} 3", "lookup 1", f"delete {LARGEST_KEY}"),
    ]


def drawn_insertions(setting: Setting, random: np.random.Generator) -> list[Case]:
    words = ("insert", "lookup", "delete")
    return [random_trace(random, length, words) for length in (8, 20, 60)]


def shown_shortage(setting: Setting) -> list[Case]:
    return [
        {"nodes": NODES, "keys": [1]},
        {"nodes": NODES // 2, "keys": [1]},
        {"nodes": NODES, "keys": [0, 64, 128, 192, 256, 128, 1]},
    ]


def drawn_shortage(setting: Setting, random: np.random.Generator) -> list[Case]:
    keys = (random.integers(0, 16, 12) * RADIX_TREE_MAP_SIZE).tolist()
    return [{"nodes": NODES + 2, "keys": keys}]


shown_goldens = goldens(KIND, "r02_grow_shrink")


def drawn_mixtures(setting: Setting, random: np.random.Generator) -> list[Case]:
    words = ("insert", "lookup", "delete", "replace")
    return [random_trace(random, length, words) for length in (20, 80)]


# --- numbers -----------------------------------------------------------------------------------


def levels_question(setting: Setting) -> list[Case]:
    return [{"name": "levels", "key": number("e03_radix", "key", setting.student, *KEYS)}]


def levels_answer(setting: Setting, case: Case) -> int:
    return -(-case["key"].bit_length() // RADIX_TREE_MAP_SHIFT)


def nodes_question(setting: Setting) -> list[Case]:
    return [{"name": "nodes_used", "keys": number("e03_radix", "keys", setting.student, *COUNTS)}]


def nodes_answer(setting: Setting, case: Case) -> int:
    return case["keys"] + -(-case["keys"] // RADIX_TREE_MAP_SIZE) + 1


EXERCISE = Exercise(
    name="e03_radix",
    title="The radix tree: lookup, insert, replace",
    minutes=60,
    needs=("e01_pages",),
    references={
        "slot_of": "radix_tree.slot_of",
        "height_for": "radix_tree.height_for",
        "radix_tree_lookup_slot": "radix_tree.radix_tree_lookup_slot",
        "radix_tree_replace": "radix_tree.radix_tree_replace",
        "radix_tree_insert": "radix_tree.radix_tree_insert",
        "levels": None,
        "nodes_used": None,
    },
    equivalents={
        # neither needs the other, so that both are shown in one sandbox
        "slot_of": ("radix_tree.height_for",),
        "height_for": ("radix_tree.slot_of",),
        "radix_tree_lookup_slot": ("radix_tree.radix_tree_lookup_batch",),
        "radix_tree_replace": ("radix_tree.radix_tree_replace_slot",),
    },
    rules=RULES,
    abilities=(
        Ability(
            "slot",
            "finds the slot of a key",
            2,
            "basic.call",
            ("slot_of",),
            shown_slots,
            drawn_slots,
            hints=("Shift the bits of the level to the right end, then mask the rest away.",),
            why=why_slot,
        ),
        Ability(
            "height",
            "finds how high a tree a key needs",
            2,
            "basic.call",
            ("height_for",),
            shown_heights,
            drawn_heights,
            hints=("How often can you shift 6 bits away until nothing is left?",),
            why=why_height,
        ),
        Ability(
            "lookup",
            "finds where an item stands",
            5,
            "traces.replay",
            ("radix_tree_lookup_slot",),
            shown_lookups,
            drawn_lookups,
            hints=(
                "Before you go down: is there a root, and does the key fit into the tree?",
                "A slot that holds 0 leads nowhere, on the lowest level, too.",
            ),
            why="a key's bits are the way down, and a 0 on the way means that there is no item",
            shrinks=("trace",),
        ),
        Ability(
            "replace",
            "exchanges an item",
            3,
            "traces.replay",
            ("radix_tree_replace",),
            shown_exchanges,
            drawn_exchanges,
            hints=("slot >> 6 is the node, slot & 63 the slot in it. And SLOT_IN_ROOT?",),
            why="one slot is written, where there is an item already, and nothing else changes",
            shrinks=("trace",),
        ),
        Ability(
            "insert",
            "inserts an item",
            5,
            "traces.replay",
            ("radix_tree_insert",),
            shown_insertions,
            drawn_insertions,
            hints=(
                "First make the tree high enough, then go down; build a node where there is none.",
                "You need to remember the last node and slot: that is where the item goes.",
            ),
            why="new nodes and items are hung in by link_child, and root.items counts the items",
            shrinks=("trace",),
        ),
        Ability(
            "short",
            "changes nothing when nodes are too few",
            2,
            "e03_radix.short",
            ("radix_tree_insert",),
            shown_shortage,
            drawn_shortage,
            hints=("Ask radix_tree_preload before anything is changed.",),
            why="an insertion is done whole or not at all",
        ),
        Ability(
            "golden",
            "does all that the kernel's code did",
            3,
            "traces.replay",
            ("radix_tree_lookup_slot", "radix_tree_replace", "radix_tree_insert"),
            shown_goldens,
            drawn_mixtures,
            expected=kernels_answer,
            why=why_golden,
        ),
        Ability(
            "levels",
            "knows the height of a tree",
            1,
            "basic.value",
            ("levels",),
            levels_question,
            expected=levels_answer,
            hints=("How many bits has the key, and how many has a level?",),
        ),
        Ability(
            "nodes",
            "counts the nodes of a tree",
            2,
            "basic.value",
            ("nodes_used",),
            nodes_question,
            expected=nodes_answer,
            hints=("How many keys share a node at the bottom? And how many of those the next?",),
        ),
    ),
)
