"""e05_zswap: the limit, store, load, invalidate, writeback."""

from collections.abc import Callable
from typing import Any

import numpy as np

from zbudlab.course.contract import LINUX, Ability, Case, Exercise, Rule, Setting, number
from zbudlab.course.exercises import (
    GOLDEN_CHANGED,
    called,
    goldens,
    kernels_answer,
    under_pressure,
    why_golden,
)

KIND = "zswap-series"
SLOTS = 12
LOAD = ("zswap_load_begin", "zswap_load_end")
WRITEBACK = ("zswap_writeback_begin", "zswap_writeback_end")
ALL = ("zswap_is_full", "store_entry", *LOAD, "zswap_invalidate_page", *WRITEBACK)

RULES = (
    Rule(
        "full-at-its-share",
        "In this variant the pool is full as soon as it HAS its share of memory, not only when it "
        "has more.",
        changes=("zswap_is_full",),
        tells={"golden": GOLDEN_CHANGED},
    ),
)


def _trace(*operations: str) -> Case:
    return {"kind": KIND, "trace": ["every 1", f"swapon 0 {SLOTS}", *operations]}


def _shown(*traces: tuple[str, ...]) -> Callable[[Setting], list[Case]]:
    return lambda setting: [_trace(*trace) for trace in traces]


def random_trace(random: np.random.Generator, length: int, words: dict[str, float]) -> Case:
    """Return operations on one swap area, with all sizes and with slots used again."""
    names, shares = list(words), np.array(list(words.values()))
    operations = [f"totalram {int(random.integers(15, 40))}"]
    for name in random.choice(names, length, p=shares / shares.sum()):
        slot = int(random.integers(SLOTS))
        length = int(random.choice([100, 1000, 1900, 2500, 3900, 4000]))
        content = int(random.integers(1, 256))
        numbers = {
            "store": f"0 {slot} {length} {content}",
            "load": f"0 {slot}",
            "invalidate": f"0 {slot}",
            "reclaim": f"0 {content % 3 + 1}",
            "max_pool_percent": str(content % 50),
            "at": f"{('load', 'write', 'cache')[content % 3]} inv 0 {slot}",
            "nocache": str(content % 2),
            "writefail": str(content % 2),
        }
        operations.append(f"{name} {numbers[name]}")
    return _trace(*operations)


def _drawn(**words: float) -> Callable[[Setting, np.random.Generator], list[Case]]:
    shares = {"store": 4.0, "load": 1.0, "invalidate": 1.0, **words}
    return lambda setting, random: [random_trace(random, n, shares) for n in (10, 30, 60)]


shown_goldens = goldens(
    KIND,
    "h01_refused_duplicate_overwrites_device",
    "h02_stale_entry_of_freed_slot_stays",
    "h05_limit_is_strictly_more",
    "h06_reclaim_fails_when_cached",
    "h07_invalidate_while_writing",
    "h08_writeback_while_loading",
    "h09_write_error",
)


AREA = f"swapon 1 {SLOTS}"  #: a second swap area, which has its own pool

STORES = _shown(
    ("store 0 1 1000 5",),
    ("store 0 1 1000 5", "store 0 2 1500 6"),
    ("store 0 1 4000 5",),
    ("nocache 1", "store 0 1 1000 5"),
    ("store 0 1 1000 5", "store 0 1 1200 6", "load 0 1"),
    ("store 0 1 1000 5", "store 0 1 4000 6"),
    (AREA, "store 1 1 1000 5", "store 0 1 1000 6", "store 1 2 2500 7", "store 1 1 1500 8"),
)


def _called(state: str, before: tuple[str, ...], *calls: list[Any], see: str = "") -> Case:
    """Return a case of direct calls on slots of area 0."""
    sights = ["state", "entries in use", *filter(None, [see])]
    return called(state, "zswap", (f"swapon 0 {SLOTS}", *before), *calls, see=sights)


def _stored(state: str, *before: str, slot: int = 1, length: int = 1000) -> Case:
    """Return a call of `store_entry`, whose callers ignore part of what it does."""
    use = ["swapfile.swap_use", "mem", slot]
    call = ["zswap.store_entry", "mem", slot, "data", 0, length]
    return _called(f"store_entry, {state}", before, use, call, see="counters")


STORE_CALLS = (
    _stored("for a page of 1000 bytes"),
    _stored("for a page that is too large for zbud", length=4000),
    _stored("where no entry is left", "nocache 1"),
    _stored("for a slot that has a page", "store 0 1 1000 5", length=1200),
    _stored("where the compressor failed", "store 0 1 1000 5", length=-1),
)
ONE = ("store 0 1 1000 5",)  #: entry 1 for slot 1, with handle 1
TWO = (*ONE, "store 0 2 1500 6")
BEGIN_LOAD = ["zswap.zswap_load_begin", "mem", 1, "where"]
INVALIDATE = ["zswap.zswap_invalidate_page", "mem", 1]
BEGIN_WRITE = ["zswap.zswap_writeback_begin", "mem", 0, 1]
END_WRITE = ["zswap.zswap_writeback_end", "mem", 1, 0, 0]
LOAD_CALLS = (
    _called("zswap_load_begin, for a page that is stored", TWO, BEGIN_LOAD),
    _called("zswap_load_begin, for an empty slot", (), BEGIN_LOAD, see="untouched"),
    _called(
        "zswap_load_begin, then zswap_load_end", TWO, BEGIN_LOAD, ["zswap.zswap_load_end", "mem", 1]
    ),
)
INVALIDATE_CALLS = (
    _called("zswap_invalidate_page, of a page that is stored", TWO, INVALIDATE),
    _called("zswap_invalidate_page, of an empty slot", (), INVALIDATE, see="untouched"),
    _called("zswap_invalidate_page, while the page is read", TWO, BEGIN_LOAD, INVALIDATE),
)
WRITE_CALLS = (
    _called("zswap_writeback_begin", TWO, BEGIN_WRITE),
    _called(
        "zswap_writeback_begin, where the object is gone",
        ("store 0 0 900 3", *ONE, "invalidate 0 1"),
        ["zswap.zswap_writeback_begin", "mem", 0, 2],
        see="untouched",
    ),
    _called(
        "zswap_writeback_begin, for a slot without an entry",
        TWO,
        BEGIN_LOAD,
        INVALIDATE,
        BEGIN_WRITE,
        see="untouched",
    ),
    _called("zswap_writeback_end, of an entry with no other user", TWO, BEGIN_WRITE, END_WRITE),
    _called("zswap_writeback_end, while the page is read", TWO, BEGIN_LOAD, BEGIN_WRITE, END_WRITE),
)


LOADS = _shown(
    ("store 0 1 1000 5", "load 0 1", "load 0 1"),
    ("store 0 1 4000 5", "load 0 1"),
    ("store 0 1 1000 5", "store 0 1 4000 6", "load 0 1"),
    ("store 0 1 1000 5", "at load inv 0 1", "load 0 1", "store 0 1 1000 6"),
    (AREA, "store 1 1 1000 5", "store 0 1 1500 6", "load 1 1", "load 0 1", "load 1 2"),
    ("store 0 1 2500 5", "reclaim 0 1", "load 0 1"),
)
INVALIDATIONS = _shown(
    ("store 0 1 1000 5", "invalidate 0 1"),
    ("store 0 1 1000 5", "invalidate 0 1", "invalidate 0 1"),
    ("store 0 1 1000 5", "at load inv 0 1", "load 0 1"),
    (AREA, "store 1 1 1000 5", "store 0 1 1500 6", "invalidate 1 1", "load 0 1", "load 1 1"),
)
WRITEBACKS = _shown(
    ("store 0 1 2500 5", "reclaim 0 1", "load 0 1"),
    ("store 0 1 1000 5", "store 0 2 1000 6", "reclaim 0 1"),
    ("store 0 1 2500 5", "at write inv 0 1", "reclaim 0 1"),
    ("store 0 1 2500 5", "at load reclaim 0 1", "load 0 1"),
    ("store 0 1 2500 5", "swapcache 0 1 new", "at load reclaim 0 1", "load 0 1"),
    (AREA, "store 1 1 2500 5", "store 0 1 1500 6", "reclaim 1 1", "load 1 1", "load 0 1"),
)


def _with(traces: Callable[[Setting], list[Case]], calls: tuple[Case, ...]) -> Any:
    """Return cases from traces, followed by direct calls."""
    return lambda setting: [*traces(setting), *calls]


LIMITS = _shown(
    ("totalram 10", *(f"store 0 {slot} 2500 {slot}" for slot in range(1, 6))),
    ("totalram 14", *(f"store 0 {slot} 2500 {slot}" for slot in range(1, 6))),
    ("totalram 150", "max_pool_percent 1", *(f"store 0 {s} 2500 {s}" for s in range(1, 4))),
    ("totalram 14", "max_pool_percent 0", "store 0 1 2500 1", "store 0 2 2500 2"),
    ("totalram 199", "max_pool_percent 1", *(f"store 0 {s} 2500 {s}" for s in range(1, 5))),
)


# --- numbers -----------------------------------------------------------------------------------


def limit_question(setting: Setting) -> list[Case]:
    """Return the first size at which a pool is full, for given frames and percentage."""
    frames = number("e05_zswap", "frames", setting.student, 1001, 9999)
    return [
        {
            "name": "first_full_size",
            "frames": frames,
            "percent": number("e05_zswap", "percent", setting.student, 3, 47),
        }
    ]


def limit_answer(setting: Setting, case: Case) -> int:
    share = int(case["frames"] * case["percent"] // 100)
    return share + 1 if setting.rule is LINUX else share


def _ability(
    name: str,
    title: str,
    points: int,
    functions: tuple[str, ...],
    visible: Any,
    hidden: Any,
    **more: Any,
) -> Ability:
    """Return an ability that is tested by traces."""
    return Ability(
        name, title, points, "traces.replay", functions, visible, hidden, shrinks=("trace",), **more
    )


EXERCISE = Exercise(
    name="e05_zswap",
    title="zswap: store, load, invalidate, writeback",
    minutes=90,
    needs=("e01_pages", "e04_zbud"),
    references={
        "zswap_is_full": "zswap.zswap_is_full",
        "store_entry": "zswap.store_entry",
        "zswap_load_begin": "zswap.zswap_load_begin",
        "zswap_load_end": "zswap.zswap_load_end",
        "zswap_invalidate_page": "zswap.zswap_invalidate_page",
        "zswap_writeback_begin": "zswap.zswap_writeback_begin",
        "zswap_writeback_end": "zswap.zswap_writeback_end",
        "first_full_size": None,
    },
    rules=RULES,
    abilities=(
        _ability(
            "limit",
            "knows when the pool is full",
            3,
            ("zswap_is_full",),
            LIMITS,
            _drawn(max_pool_percent=1.0),
            hints=("Multiply first, divide by 100 last, in whole numbers; then compare.",),
            why="the share is frames times percent, divided by 100, in whole numbers",
        ),
        _ability(
            "store",
            "stores a compressed page under its slot",
            5,
            ("store_entry",),
            _with(STORES, STORE_CALLS),
            _drawn(nocache=0.5),
            hints=(
                "Free the entry again if the object cannot be stored.",
                "An older entry of the slot goes when the new one is safe, not before.",
            ),
            why="an entry, its object in zbud, then the tree; what was there before goes last",
        ),
        _ability(
            "load",
            "finds a stored page and keeps it while it is read",
            4,
            LOAD,
            _with(LOADS, LOAD_CALLS),
            _drawn(at=1.0),
            hints=("A load is a user of the entry: one more at its begin, one less at its end.",),
            why="a load counts as a user, and only what zswap took last may be loaded",
        ),
        _ability(
            "invalidate",
            "forgets a page whose slot was given up",
            3,
            ("zswap_invalidate_page",),
            _with(INVALIDATIONS, INVALIDATE_CALLS),
            _drawn(at=1.0),
            hints=("The tree is a user of the entry as well. Somebody else may still read it.",),
            why="out of the tree at once; freed when it is no longer in use",
        ),
        _ability(
            "writeback",
            "writes back what is behind a handle",
            5,
            WRITEBACK,
            _with(WRITEBACKS, WRITE_CALLS),
            _drawn(reclaim=1.5, at=1.0),
            hints=(
                "The object starts with its swap entry. It says which slot to look for.",
                "At the end two users go: you and the tree. If one is left: -EAGAIN.",
            ),
            why="the entry must live as long as it is written, and be gone after that",
        ),
        _ability(
            "golden",
            "does all that the kernel's code did",
            4,
            ALL,
            shown_goldens,
            _drawn(reclaim=1.0, at=1.0, writefail=0.3, max_pool_percent=0.5),
            expected=kernels_answer,
            why=why_golden,
        ),
        under_pressure(ALL),
        Ability(
            "share",
            "says when a pool is full for the first time",
            2,
            "basic.value",
            ("first_full_size",),
            limit_question,
            expected=limit_answer,
            hints=("Begin with the share. Is a pool with exactly that full, by your rule?",),
        ),
    ),
)
