"""e01_pages: frame numbers, flags, references, and a page copied line by line."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Exercise, Rule, Setting, number
from zbudlab.course.exercises.e02_cases import random_trace
from zbudlab.course.grader_side import LINE, CountedPages
from zbudlab.layout import PAGE_SHIFT, PAGE_SIZE, PG_HEAD, PG_LOCKED, PG_LRU

LINUX_RECORD = 64  #: bytes of a struct page in Linux
ADDRESSES = (1_000_000, 99_999_999)  #: what the question about a frame asks for
GIGABYTES = (3, 99)  #: and the one about records

RULES = (
    Rule(
        "large-pages",
        "In this variant a page has 16384 bytes in part 1: the lowest 14 bits of an address say "
        "where in the frame a byte lies. The other parts are as before.",
        changes=("address_pfn", "page_address"),
    ),
)


def copy_page(new: Any, old: Any) -> None:
    """Copy a page in lines."""
    for at in range(0, PAGE_SIZE, LINE):
        new[at : at + LINE] = old[at : at + LINE]


# --- frames and addresses ----------------------------------------------------------------------


def _calls(function: str, numbers: Iterable[int]) -> list[Case]:
    return [{"function": function, "arguments": [int(n)]} for n in numbers]


def shown_addresses(setting: Setting) -> list[Case]:
    return _calls("address_pfn", (0, 1, 4095, 4096, 4097, 16383, 16384, 0x12345))


def drawn_addresses(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _calls("address_pfn", sorted(random.integers(0, 1 << 40, 20)))


def shown_frames(setting: Setting) -> list[Case]:
    return _calls("page_address", (0, 1, 2, 18, 1000))


def drawn_frames(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _calls("page_address", sorted(random.integers(0, 1 << 28, 20)))


# --- struct page -------------------------------------------------------------------------------


def _on_page(function: str, flags: int, *arguments: int, count: int = 1) -> Case:
    told = f"{function} on a page with flags {flags:#b} and {count} references"
    if arguments:
        told += f", flag {arguments[0]:#b}"
    page = {"flags": flags, "count": count, "arguments": list(arguments)}
    return {"function": function, **page, "state": told}


def _flag_cases(function: str, words: Iterable[tuple[int, int]]) -> list[Case]:
    return [_on_page(function, int(flags), int(flag)) for flags, flag in words]


SHOWN_FLAGS = ((0, 1), (1, 1), (0b0110, 0b0001), (0b0111, 0b0010), (0xFFFF, 0x8000), (0, 0b101))


def shown_sets(setting: Setting) -> list[Case]:
    return _flag_cases("set_flag", SHOWN_FLAGS)


def drawn_sets(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _flag_cases("set_flag", random.integers(0, 1 << 16, (20, 2)))


def shown_clears(setting: Setting) -> list[Case]:
    return _flag_cases("clear_flag", SHOWN_FLAGS)


def drawn_clears(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _flag_cases("clear_flag", random.integers(0, 1 << 16, (20, 2)))


def shown_locks(setting: Setting) -> list[Case]:
    words = (0, PG_LOCKED, PG_LRU, PG_LRU | PG_LOCKED, PG_HEAD)
    return [_on_page("trylock_page", flags) for flags in words]


def shown_gets(setting: Setting) -> list[Case]:
    return [_on_page("get_page", 0, count=count) for count in (1, 2, 7)]


def shown_puts(setting: Setting) -> list[Case]:
    return [_on_page("put_page_testzero", 0, count=count) for count in (1, 2, 3)]


def _trace(*operations: str) -> Case:
    return {
        "kind": "buddy",
        "trace": ["every 1", "parts buddy", "zone 64 4", "boot", *operations],
    }


def shown_returns(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 0 movable", "free 0"),
        _trace("alloc 2 movable", "alloc 0 movable", "free 0", "free 4"),
    ]


def drawn_returns(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [random_trace(random, 30, 0.5, 3)]


# --- copies ------------------------------------------------------------------------------------


def _copies(seeds: Iterable[int], counts: bool) -> list[Case]:
    return [
        {"seed": int(seed), "counts": counts, "state": f"a page of random bytes, seed {seed}"}
        for seed in seeds
    ]


def shown_copies(setting: Setting) -> list[Case]:
    return _copies((1, 2), counts=False)


def drawn_copies(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _copies(random.integers(1 << 30, size=2), counts=False)


def shown_lines(setting: Setting) -> list[Case]:
    return _copies((3,), counts=True)


def drawn_lines(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _copies(random.integers(1 << 30, size=2), counts=True)


# --- numbers -----------------------------------------------------------------------------------


def frame_question(setting: Setting) -> list[Case]:
    address = number("e01_pages", "address", setting.student, *ADDRESSES)
    return [{"name": "frame_of_byte", "address": address}]


def frame_answer(setting: Setting, case: Case) -> int:
    return case["address"] >> PAGE_SHIFT


def records_question(setting: Setting) -> list[Case]:
    gigabytes = number("e01_pages", "gigabytes", setting.student, *GIGABYTES)
    return [{"name": "megabytes_of_records", "gigabytes": gigabytes}]


def records_answer(setting: Setting, case: Case) -> int:
    return case["gigabytes"] * LINUX_RECORD * 1024 // PAGE_SIZE


EXERCISE = Exercise(
    name="e01_pages",
    title="Pages: frames, flags, references, copies",
    minutes=45,
    needs=(),
    references={
        "address_pfn": "page.address_pfn",
        "page_address": "page.page_address",
        "set_flag": "page.set_flag",
        "clear_flag": "page.clear_flag",
        "trylock_page": "page.trylock_page",
        "get_page": "page.get_page",
        "put_page_testzero": "page.put_page_testzero",
        "copy_page": copy_page,
        "frame_of_byte": None,
        "megabytes_of_records": None,
    },
    equivalents={
        # none of these needs another, so that few sandboxes do
        "address_pfn": ("page.page_address", "page.get_page"),
        "page_address": ("page.address_pfn", "page.get_page"),
        "get_page": ("page.address_pfn", "page.page_address"),
        "set_flag": ("page.clear_flag",),
        "clear_flag": ("page.set_flag",),
    },
    rules=RULES,
    abilities=(
        Ability(
            "frame",
            "finds the frame of an address",
            2,
            "basic.call",
            ("address_pfn",),
            shown_addresses,
            drawn_addresses,
            hints=("How many of an address's bits say where in the frame a byte lies?",),
            why="the bits above those for the place in the frame are the frame's number",
        ),
        Ability(
            "address",
            "finds where a frame begins",
            1,
            "basic.call",
            ("page_address",),
            shown_frames,
            drawn_frames,
            hints=("It is the way back, with 0 for the place in the frame.",),
            why="a frame begins at its number times the size of a page",
        ),
        Ability(
            "set",
            "sets a flag",
            1,
            "e01_pages.on_page",
            ("set_flag",),
            shown_sets,
            drawn_sets,
            hints=("A flag that is set already stays set.",),
            why="the bits given are 1 afterwards, all others are as they were",
        ),
        Ability(
            "clear",
            "clears a flag",
            2,
            "e01_pages.on_page",
            ("clear_flag",),
            shown_clears,
            drawn_clears,
            hints=("Which word has a 1 everywhere but at the flag? It has 16 bits.",),
            why="the bits given are 0 afterwards, all others are as they were",
        ),
        Ability(
            "lock",
            "locks a page",
            3,
            "e01_pages.on_page",
            ("trylock_page",),
            shown_locks,
            hints=("Look first: if the bit is set, another holder has the lock.",),
            why="only who finds the page unlocked gets the lock",
        ),
        Ability(
            "get",
            "takes a reference",
            1,
            "e01_pages.on_page",
            ("get_page",),
            shown_gets,
            why="a reference more, and nothing else",
        ),
        Ability(
            "put",
            "drops a reference",
            2,
            "e01_pages.on_page",
            ("put_page_testzero",),
            shown_puts,
            hints=("First count down, then look.",),
            why="the holder that drops the last reference has to free the page",
        ),
        Ability(
            "return",
            "lets the machine have its pages back",
            2,
            "traces.replay",
            ("put_page_testzero",),
            shown_returns,
            drawn_returns,
            why="a page goes back to the free lists when its last reference is dropped",
            shrinks=("trace",),
        ),
        Ability(
            "copy",
            "copies a page",
            2,
            "e01_pages.copy",
            ("copy_page",),
            shown_copies,
            drawn_copies,
            hints=("len(old) bytes; the last one, too.",),
            why=f"all {PAGE_SIZE} bytes are to be as in the old page, which stays as it is",
            outside=CountedPages,
        ),
        Ability(
            "lines",
            "copies a page line by line",
            3,
            "e01_pages.copy",
            ("copy_page",),
            shown_lines,
            drawn_lines,
            hints=("range(0, 4096, 64), and slices.",),
            why=f"{PAGE_SIZE // LINE} lines of {LINE} bytes, each read once and written once",
            outside=CountedPages,
        ),
        Ability(
            "byte",
            "finds a byte's frame",
            1,
            "basic.value",
            ("frame_of_byte",),
            frame_question,
            expected=frame_answer,
        ),
        Ability(
            "records",
            "knows what struct pages cost",
            1,
            "basic.value",
            ("megabytes_of_records",),
            records_question,
            expected=records_answer,
            hints=("How many frames are there in a GiB?",),
        ),
    ),
)
