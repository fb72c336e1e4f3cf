"""Cases of e10_zsmalloc that need no pool: sizes, places, groups, what compaction could gain."""

from typing import Any

import numpy as np

from zbudlab.course.contract import Case, Setting, number
from zbudlab.layout import PAGE_SIZE, ZS_HANDLE_SIZE, ZS_MAX_ALLOC_SIZE

COARSE = "coarse-classes"  #: a rule
CHAIN = 8  #: the most pages of a zspage, unless a case says otherwise


# --- sizes -------------------------------------------------------------------------------------


def shown_sizes(setting: Setting) -> list[Case]:
    edges = (1, 32, 33, 48, 49, 64, 65, 1000, 1008, 4080, 4081, 4096, 4104)
    return [{"function": "get_size_class_index", "arguments": [size]} for size in edges]


def drawn_sizes(setting: Setting, random: np.random.Generator) -> list[Case]:
    sizes = sorted(random.integers(1, ZS_MAX_ALLOC_SIZE + ZS_HANDLE_SIZE + 1, 40).tolist())
    return [{"function": "get_size_class_index", "arguments": [size]} for size in sizes]


def why_class(case: Case, got: Any, expected: Any) -> str:
    size = case["arguments"][0]
    if got == expected - 1:
        return "the place must be large enough for all bytes: round up"
    if size > ZS_MAX_ALLOC_SIZE:
        return "a whole page and the word in front of it still get the largest class"
    return f"{size} bytes need a place of {32 + 16 * expected} bytes: class {expected}"


def _chain(size: int, chain: int) -> Case:
    return {
        "function": "calculate_zspage_chain_size",
        "arguments": ["pool", size],
        "pool": {"chain_size": chain},
        "state": f"places of {size} bytes, with pool.chain_size {chain}",
    }


def shown_chains(setting: Setting) -> list[Case]:
    sizes = (32, 48, 1024, 1360, 2048, 2720, 3072, 3632, 4096)
    return [
        *(_chain(size, CHAIN) for size in sizes),
        *(_chain(size, chain) for size in (208, 3632) for chain in (4, 16)),
        _chain(2400, 5),
    ]


def drawn_chains(setting: Setting, random: np.random.Generator) -> list[Case]:
    drawn = zip(random.integers(0, 255, 60), random.integers(4, 17, 60), strict=True)
    return [_chain(32 + 16 * int(index), int(chain)) for index, chain in drawn]


def why_chain(case: Case, got: Any, expected: Any) -> str:
    size, most = case["arguments"][1], case["pool"]["chain_size"]
    if type(got) is not int or not 1 <= got <= most:
        return f"a zspage has 1 to {most} pages"
    mine, right = (pages * PAGE_SIZE % size for pages in (got, expected))
    if mine == right:
        return f"a zspage of {expected} leaves {right} bytes, too, and has fewer pages"
    return f"a zspage of {got} leaves {mine} bytes at the end, one of {expected} only {right}"


# --- places ------------------------------------------------------------------------------------


def _piece(page_size: int, size: int, index: int) -> Case:
    return {"function": "pieces_of_object", "arguments": [page_size, size, index]}


def shown_pieces(setting: Setting) -> list[Case]:
    small = ((1008, 0), (1008, 3), (1008, 4), (2720, 1), (2720, 2), (3072, 3))
    edges = ((32, 127), (32, 128), (48, 85), (2048, 1), (2048, 2), (4096, 1))
    cases = [_piece(PAGE_SIZE, size, index) for size, index in (*small, *edges)]
    return [*cases, _piece(4 * PAGE_SIZE, 1008, 4), _piece(4 * PAGE_SIZE, 1008, 16)]


def drawn_pieces(setting: Setting, random: np.random.Generator) -> list[Case]:
    found = []
    for _ in range(40):
        page_size = PAGE_SIZE << 2 * int(random.integers(3))
        size = 32 + 16 * int(random.integers(255))
        found.append(_piece(page_size, size, int(random.integers(16 * page_size // size))))
    return found


def why_pieces(case: Case, got: Any, expected: Any) -> str:
    _, size, index = case["arguments"]
    start = f"object {index} starts {index * size} bytes into the zspage"
    if len(expected) == 2:
        return f"{start} and crosses the end of a page: two pieces"
    return f"{start} and ends within the page: one piece"


# --- groups ------------------------------------------------------------------------------------


def _group(inuse: int, objects: int) -> Case:
    return {
        "function": "get_fullness_group",
        "arguments": ["pool", "size_class", inuse],
        "size_class": {"objs_per_zspage": objects},
        "state": f"{inuse} of {objects} objects allocated",
    }


def shown_groups(setting: Setting) -> list[Case]:
    pairs = ((0, 8), (1, 8), (4, 8), (7, 8), (8, 8), (1, 10), (2, 10), (9, 10))
    more = ((0, 1), (1, 1), (1, 3), (2, 3), (13, 128), (12, 128), (1, 256), (255, 256))
    return [_group(*pair) for pair in (*pairs, *more)]


def drawn_groups(setting: Setting, random: np.random.Generator) -> list[Case]:
    objects = [int(count) for count in random.integers(2, 257, 40)]
    return [_group(int(random.integers(0, count + 1)), count) for count in objects]


def why_group(case: Case, got: Any, expected: Any) -> str:
    inuse, objects = case["arguments"][2], case["size_class"]["objs_per_zspage"]
    if inuse in (0, objects):
        return "an empty zspage and a full one have groups to themselves"
    return f"{100 * inuse // objects} percent are allocated, so it is in group {expected}"


def _gain(allocated: int, used: int, objects: int, pages: int) -> Case:
    fields = {"obj_allocated": allocated, "obj_used": used}
    fields |= {"objs_per_zspage": objects, "pages_per_zspage": pages}
    return {
        "function": "zs_can_compact",
        "arguments": ["size_class"],
        "size_class": fields,
        "state": f"{used} of {allocated} objects used, {objects} objects in {pages} pages",
    }


def shown_gains(setting: Setting) -> list[Case]:
    cases = ((0, 0, 4, 1), (4, 1, 4, 1), (8, 5, 4, 1), (8, 4, 4, 1), (8, 3, 4, 1), (8, 0, 4, 1))
    return [_gain(*case) for case in (*cases, (9, 5, 3, 2), (9, 2, 3, 2), (30, 9, 10, 7))]


def drawn_gains(setting: Setting, random: np.random.Generator) -> list[Case]:
    found = []
    for _ in range(20):
        objects, pages, zspages = (int(n) for n in random.integers(1, 12, 3))
        allocated = objects * zspages
        found.append(_gain(allocated, int(random.integers(allocated + 1)), objects, pages))
    return found


# --- numbers -----------------------------------------------------------------------------------


def pages_question(setting: Setting) -> list[Case]:
    """Return how many objects of which size. Each needs another class for the word in front."""
    count = number("e10_zsmalloc", "objects", setting.student, 100, 999)
    size = 16 * number("e10_zsmalloc", "bytes", setting.student, 6, 40) - 4
    return [{"name": "pages_for_objects", "objects": count, "bytes each": size}]


def pages_answer(setting: Setting, case: Case) -> int:
    delta = 32 if setting.rule.name == COARSE else 16
    place = 32 + delta * max(0, -(-(case["bytes each"] + ZS_HANDLE_SIZE - 32) // delta))
    pages = min(range(1, CHAIN + 1), key=lambda pages: pages * PAGE_SIZE % place)
    return -(-case["objects"] // (pages * PAGE_SIZE // place)) * pages
