"""Cases of e10_zsmalloc on a small pool: zspages, operations, and pages that move."""

from itertools import zip_longest
from typing import Any

import numpy as np

from zbudlab.course.contract import Case, Setting
from zbudlab.layout import EINVAL, ENOENT, ENOMEM, ENOSPC

#: Requests whose classes have 4 objects in 1 page, 8 in 1, 16 in 1, 3 in 2, 4 in 3 and 1 in 1.
QUARTER, EIGHTH, SIXTEENTH, TWO_PAGES, THREE_PAGES, HUGE = 1016, 504, 248, 2712, 3064, 4096
PER_ZSPAGE = {QUARTER: 4, EIGHTH: 8, SIXTEENTH: 16, TWO_PAGES: 3, THREE_PAGES: 4}


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
    zspages_with(SIXTEENTH, 15),
    zspages_with(SIXTEENTH, 1),
    # two classes, the second next to the first, with full zspages only
    ["alloc 1096"] * 11 + ["alloc 1080"] * 15,
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
    right = expected[-1]["found"]
    if got and got[-1].get("found") == right:
        return "an isolated zspage is on no list, and the other lists are as before"
    if not right:
        return "neither an empty zspage nor a full one is isolated: return 0"
    if case["call"] == "isolate_source":
        return "the source is the first zspage of the emptiest group: it is emptied soonest"
    return "the target is the first zspage of the fullest group with room: it is full soonest"


# --- operations --------------------------------------------------------------------------------


def _trace(*trace: str, **more: Any) -> Case:
    return {"trace": list(trace), **more}


def shown_allocations(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 1000"),
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
        _trace("alloc 1000", "free 1"),
        _trace("alloc 1016", "alloc 1016", "free 1", "alloc 1016"),
        _trace("alloc 1016", "alloc 1016", "free 1", "free 1"),
        _trace("alloc 500", "free 7"),
        _trace(*["alloc 1016"] * 4, *(f"free {handle}" for handle in (2, 4, 1, 3))),
        _trace(*["alloc 504"] * 8, *(f"free {handle}" for handle in (8, 1, 2, 3))),
        _trace(*["alloc 2712"] * 3, "free 2", "alloc 2712", "free 1"),
        _trace("alloc 1016", "lock 1", "free 1", "alloc 1016"),
        _trace("alloc 4000", "alloc 1000", "free 1", "alloc 4000", "free 2"),
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


def _first_different(got: Any, expected: Any) -> dict[str, Any]:
    """Return the right answer to the first operation that differs."""
    mine = got or []
    pairs = zip_longest(mine[: len(expected)], expected)
    return next((right for step, right in pairs if step != right), expected[-1])


def why_allocation(case: Case, got: Any, expected: Any) -> str:
    rc = _first_different(got, expected)["rc"]
    if rc in (-EINVAL, -ENOSPC):
        return "no bytes are -EINVAL, more than a page -ENOSPC, and nothing is taken"
    if rc == -ENOMEM:
        return "without a handle or pages for a new zspage: -ENOMEM, and what was taken goes back"
    return (
        "the handle gets an object of the zspage with room, or of a new one; the zspage is on the "
        "list of its group then, and the object is counted"
    )


def why_free(case: Case, got: Any, expected: Any) -> str:
    if _first_different(got, expected)["rc"] == -ENOENT:
        return "there is no such handle any more: -ENOENT, and nothing changes"
    return (
        "the object and its handle are free again and not counted; the zspage is on the list of "
        "its group, or freed with its last object"
    )


# --- moves -------------------------------------------------------------------------------------


def _move(*before: str, of: int = 1, page: int = 0, **more: Any) -> Case:
    return {"before": list(before), "of": of, "page": page, **more}


def shown_pages(setting: Setting) -> list[Case]:
    three = ["alloc 2712"] * 3
    return [
        _move("alloc 1000"),
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
        _move("alloc 1000"),
        _move(*two, page=1),
        _move(*READ_AND_HELD, page=0),
        _move(*READ_AND_HELD, page=1),
        _move(*READ_AND_HELD, "end 2"),
        _move(*two, "hold 1"),
        _move(*READ_AND_HELD, "hold 1"),
        _move(*["alloc 2712"] * 4, "read 4"),
        _move(*["alloc 3064"] * 3, "free 2", page=2),
        _move("alloc 1000", gone=True),
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
    refused = expected[-1]["rc"]
    if "hold 1" in case["before"] and refused:
        return "another holder has a reference: -EAGAIN, and nothing changes"
    if refused:
        return "an object of the zspage is being read, perhaps across both pages: -EBUSY"
    if got and got[-1].get("rc"):
        return "the isolation's reference and zsmalloc's are all there are: the page moves"
    return "bytes, chain, handles, both struct pages and one reference move to the new frame"
