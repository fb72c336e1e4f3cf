"""Cases of e10_zsmalloc, and the reasons that explain a difference."""

from typing import Any

import numpy as np

from zbudlab.conformance.trace import lines, operations
from zbudlab.course.contract import Case, Setting, number
from zbudlab.course.exercises import GOLDENS
from zbudlab.course.probes.e10_zsmalloc import named
from zbudlab.layout import PAGE_SIZE, ZS_HANDLE_SIZE, ZS_MAX_ALLOC_SIZE

KIND = "zsmalloc-7"
COARSE = "coarse-classes"  #: a rule
CHAIN = 8  #: the most pages of a zspage, unless a case says otherwise
#: Requests whose classes have 4 objects in 1 page, 8 in 1, 3 in 2, 4 in 3 and 1 in 1.
QUARTER, EIGHTH, TWO_PAGES, THREE_PAGES, HUGE = 1016, 504, 2712, 3064, 4096
ODD = 200  #: its class has an odd number
PER_ZSPAGE = {QUARTER: 4, EIGHTH: 8, TWO_PAGES: 3, THREE_PAGES: 4}


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
        return f"{expected} pages leave {right} bytes, too, and are fewer"
    return f"{got} pages leave {mine} bytes at the end, {expected} pages only {right}"


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


# --- zspages -----------------------------------------------------------------------------------


def zspages_with(size: int, *counts: int) -> list[str]:
    """Return operations that leave zspages with these counts of objects of `size` bytes.

    The objects have the handles 1, 2, ... in order; those freed are the last of each zspage.
    """
    each = PER_ZSPAGE[size]
    freed = [
        f"free {handle}"
        for place, count in enumerate(counts)
        for handle in range((place + 1) * each, place * each + count, -1)
    ]
    return [f"alloc {size}"] * (each * len(counts)) + freed


def waiting(size: int, *counts: int) -> list[str]:
    """Return `zspages_with` with one more zspage: empty, and locked, so that it waits."""
    last = PER_ZSPAGE[size] * len(counts)
    frees = zspages_with(size, *counts)[last:]
    return [f"alloc {size}"] * (last + 1) + [f"lock {last + 1}", f"free {last + 1}", *frees]


SCENES = (
    zspages_with(QUARTER, 3),
    zspages_with(QUARTER, 3, 1),
    zspages_with(QUARTER, 1, 3),
    zspages_with(QUARTER, 2, 2),
    zspages_with(QUARTER, 4, 4),
    zspages_with(QUARTER, 1, 4, 2),
    waiting(QUARTER, 4),
    waiting(QUARTER, 2),
    zspages_with(EIGHTH, 7, 6, 5),
    zspages_with(EIGHTH, 1, 2, 1),
    zspages_with(TWO_PAGES, 1, 2),
)


def _finds(call: str, scenes: Any) -> list[Case]:
    return [{"call": call, "before": list(scene), "of": 1} for scene in scenes]


def random_scenes(random: np.random.Generator) -> list[list[str]]:
    """Return zspages of random counts."""
    found = []
    for size in (QUARTER, EIGHTH, EIGHTH, TWO_PAGES, THREE_PAGES):
        counts = random.integers(1, PER_ZSPAGE[size] + 1, int(random.integers(2, 6)))
        found.append(zspages_with(size, *map(int, counts)))
    return found


def shown_finds(setting: Setting) -> list[Case]:
    return _finds("find_get_zspage", SCENES)


def drawn_finds(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _finds("find_get_zspage", random_scenes(random))


def shown_choices(setting: Setting) -> list[Case]:
    return [case for call in CHOICES for case in _finds(call, SCENES)]


def drawn_choices(setting: Setting, random: np.random.Generator) -> list[Case]:
    scenes = random_scenes(random)
    return [case for call in CHOICES for case in _finds(call, scenes)]


CHOICES = ("isolate_source", "isolate_target")


def why_choice(case: Case, got: Any, expected: Any) -> str:
    if isinstance(got, dict) and got.get("answer") == expected["answer"]:
        return "an isolated zspage is on no list, and the other lists are as before"
    if not expected["answer"]:
        return "neither an empty zspage nor a full one is isolated: return 0"
    if case["call"] == "isolate_source":
        return "the source is the first zspage of the emptiest group: it is emptied soonest"
    return "the target is the first zspage of the fullest group with room: it is full soonest"


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


# --- operations --------------------------------------------------------------------------------


def _trace(*trace: str, **more: Any) -> Case:
    return {"trace": list(trace), **more}


def shown_allocations(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 100"),
        *(_trace(f"alloc {size}") for size in (0, -1, 1, HUGE, HUGE + 1)),
        _trace(*["alloc 1016"] * 5),
        _trace("alloc 1009", "alloc 1016", "alloc 1017"),
        _trace(*zspages_with(QUARTER, 3, 1), *["alloc 1016"] * 5),
        _trace(*waiting(QUARTER, 4), "alloc 1016"),
        _trace("refuse 1", "alloc 1000", "alloc 1000"),
        _trace("starve 1000", "alloc 1000"),
        _trace("alloc 2712", frames=1),
        _trace(*["alloc 2712"] * 4, chain=4),
        _trace("alloc 3600", "alloc 3600", chain=16),
    ]


def shown_frees(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 100", "free 1"),
        _trace("alloc 1016", "alloc 1016", "free 1", "alloc 1016"),
        _trace("alloc 1016", "alloc 1016", "free 1", "free 1"),
        _trace("alloc 500", "free 7"),
        _trace(*["alloc 1016"] * 4, *(f"free {handle}" for handle in (2, 4, 1, 3))),
        _trace(*["alloc 504"] * 8, *(f"free {handle}" for handle in (8, 1, 2, 3))),
        _trace(*["alloc 2712"] * 3, "free 2", "alloc 2712", "free 1"),
        _trace("alloc 1016", "lock 1", "free 1", "alloc 1016"),
        _trace("alloc 4000", "alloc 100", "free 1", "alloc 4000", "free 2"),
    ]


def random_trace(random: np.random.Generator, length: int, frees: float) -> list[str]:
    """Return allocations of a few sizes, with a share of frees of existing handles."""
    sizes = [int(size) for size in random.integers(1, HUGE + 1, 3)] + [QUARTER, TWO_PAGES]
    trace: list[str] = []
    live: list[int] = []
    for _ in range(length):
        if live and random.random() < frees:
            trace.append(f"free {live.pop(int(random.integers(len(live))))}")
        else:  # the handle freed last is the next one, and else the lowest that was never used
            trace.append(f"alloc {sizes[int(random.integers(len(sizes)))]}")
            live.append(_next_handle(trace))
    return trace


def _next_handle(trace: list[str]) -> int:
    """Return the handle that the last operation, an allocation, gets."""
    free, unused, handle = [], 1, 0
    for operation in trace:
        if operation.startswith("free"):
            free.append(int(operation.split()[1]))
        elif free:
            handle = free.pop()
        else:
            handle, unused = unused, unused + 1
    return handle


def drawn_allocations(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [_trace(*random_trace(random, length, 0.0), frames=160) for length in (6, 24)]


def drawn_frees(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [_trace(*random_trace(random, length, 0.5), frames=160) for length in (8, 20, 40)]


# --- moves -------------------------------------------------------------------------------------


def _move(*before: str, of: int = 1, page: int = 0, **more: Any) -> Case:
    return {"before": list(before), "of": of, "page": page, **more}


def shown_pages(setting: Setting) -> list[Case]:
    three = ["alloc 2712"] * 3
    return [
        _move("alloc 100"),
        _move("alloc 4096"),
        *(_move(*three, page=page) for page in (0, 1)),
        *(_move(*["alloc 3064"] * 4, page=page) for page in (0, 1, 2)),
        _move(*three, "free 2", page=1),
        _move(*three, "free 3", "free 1", of=2, page=1),
        _move(*["alloc 504"] * 10, of=9),
        _move(*["alloc 2712"] * 5, of=4, page=1),
        *(_move(*["alloc 2000"] * 15, page=page, chain=4) for page in (1, 3)),
    ]


def drawn_pages(setting: Setting, random: np.random.Generator) -> list[Case]:
    found = []
    for chain in (4, 8, 16):
        size = int(random.integers(200, 3800))
        count = int(random.integers(8, 40))
        freed = random.permutation(np.arange(2, count + 1))[: count // 3]
        before = [f"alloc {size}"] * count + [f"free {handle}" for handle in freed]
        found += [
            _move(*before, page=int(page), chain=chain, frames=160)
            for page in random.integers(0, chain, 3)
        ]
    return found


READ_AND_HELD = ("alloc 2712", "alloc 2712", "read 2")


def shown_moves(setting: Setting) -> list[Case]:
    two = ["alloc 2712"] * 2
    return [
        _move("alloc 100"),
        _move(*two, page=1),
        _move(*READ_AND_HELD, page=0),
        _move(*READ_AND_HELD, page=1),
        _move(*READ_AND_HELD, "end 2"),
        _move(*two, "hold 1"),
        _move(*READ_AND_HELD, "hold 1"),
        _move(*["alloc 2712"] * 4, "read 4"),
        _move(*["alloc 3064"] * 3, "free 2", page=2),
        _move("alloc 100", gone=True),
    ]


def drawn_moves(setting: Setting, random: np.random.Generator) -> list[Case]:
    found = []
    for case in drawn_pages(setting, random):
        more = [[], ["read 1"], ["hold 1"]][int(random.integers(3))]
        found.append(case | {"before": [*case["before"], *more]})
    return found


def why_move(case: Case, got: Any, expected: Any) -> str:
    if case.get("gone"):
        return "the zspage was freed after the isolation: nothing is left to move, answer 0"
    if "hold 1" in case["before"] and expected["answer"]:
        return "another holder has a reference: -EAGAIN, and nothing changes"
    if expected["answer"]:
        return "an object of the zspage is being read, perhaps across both pages: -EBUSY"
    if got["answer"]:
        return "the isolation's reference and zsmalloc's are all there are: the page moves"
    return "bytes, chain, handles, both struct pages and one reference move to the new frame"


# --- the kernel's traces -----------------------------------------------------------------------

RECORDED = (
    ("h10_no_move_inside_a_group", 8),
    ("h14_span_two_pages", 8),
    ("h17_compact_just_enough", 4),
    ("h23_migrate_then_free", 8),
    ("h27_deferred_free", 8),
    ("n03_destination_first_source_last", 8),
    ("n06_refused_sizes", 8),
    ("n07_reader_busy", 8),
    ("n09_isolated_then_freed", 4),
)


def shown_goldens(setting: Setting) -> list[Case]:
    """Return the kernel's traces; none under another rule."""
    if setting.rule.name != "linux":
        return []
    return [
        {"golden": name, "chain": chain, "trace": _operations(name)} for name, chain in RECORDED
    ]


def _operations(name: str) -> list[str]:
    return [o.text for o in operations(GOLDENS / KIND / f"{name}.trace.gz")]


def kernels_answer(setting: Setting, case: Case) -> Any:
    """Return what the kernel's code answered to a trace; None for a trace that was drawn."""
    if "golden" not in case:
        return None
    path = GOLDENS / KIND / f"{case['golden']}.chain{case['chain']}.expected.gz"
    answers = [text.strip() for _, text in lines(path) if text.strip()]
    return [named(*pair) for pair in zip(_operations(case["golden"]), answers, strict=True)]


def drawn_traces(setting: Setting, random: np.random.Generator) -> list[Case]:
    """Return traces with moves and compactions."""
    return [_drawn_trace(random, length, chain) for length, chain in ((12, 8), (40, 4))]


def _drawn_trace(random: np.random.Generator, length: int, chain: int) -> Case:
    trace: list[str] = []
    live: list[int] = []
    for given in range(1, length + 1):
        size = ODD if given == 1 else int(random.choice([QUARTER, TWO_PAGES, ODD]))
        trace.append(f"a {given} {size}")
        live.append(given)
        draw = random.random()
        if draw < 0.4:
            trace.append(f"f {live.pop(int(random.integers(len(live))))}")
        elif draw < 0.7:
            trace.append(f"m {int(random.choice(live))}")
        elif draw < 0.8:
            trace.append("c")
    return {"chain": chain, "trace": [*trace, "s", "c"], "frames": 160}


# --- a machine, and numbers --------------------------------------------------------------------


def pressed_pool(pages: int, seed: int) -> Case:
    """Return a machine whose processes have more pages than it has frames.

    Their pages compress to few sizes, so that zspages have many objects. One process exits, and
    another fills the holes that it leaves; then memory and the pool are compacted, and pages are
    used.
    """
    script: list[list[Any]] = [["create_process", pages]] * 2
    script += [["fill", 0, 0, pages, seed, 2], ["inject", 0, 3]]
    script += [["fill", 1, 0, pages, seed + 1, 2], ["inject", 0, 0], ["exit", 0]]
    script += [["create_process", pages], ["fill", 0, 0, pages, seed + 2, 2], ["rescan"]]
    script += [["compact", -1, 2, 1], ["exit", 0], ["compact_pool"]]
    script += [["touch", 1, 0, *range(0, pages, 8)]]
    config = {"frames": 64, "pageblock_order": 4, "max_pool_percent": 60, "profile": "7.3"}
    return {
        "config": config,
        "script": script,
        "see": ["zsmalloc pool", "fault"],
        "finally": ["contents", "zone"],
    }


def shown_pressure(setting: Setting) -> list[Case]:
    return [pressed_pool(80, 7)]


def drawn_pressure(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [pressed_pool(int(random.integers(76, 84)), int(random.integers(1 << 30)))]


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
