"""Small problems by seed, for practice at the end of the notebooks 01 to 07, 12 and 13.

Each has a question, its answer with the reason, and a picture as data: rows of cells by name, as
`view.toy.strips` draws them. The same seed always gives the same problem.
"""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from zbudlab.layout import (
    PAGE_SHIFT,
    PAGE_SIZE,
    RADIX_TREE_MAP_SHIFT,
    RADIX_TREE_MAP_SIZE,
    ZS_HANDLE_SIZE,
    ZS_SIZE_CLASS_DELTA,
)

FRAMES, TOP = 16, 4  #: frames of a toy memory, and the order of all of them
CHUNKS, LIMIT = 16, 3  #: chunks of a toy zbud page; pages of a toy pool
CHAIN = 4  #: the most pages of a toy zspage
ADDRESSES = 1 << 20  #: bytes of a toy memory
OBJECTS, SLOTS, COUNTERS = 6, 8, 100  #: objects of a zbud pool, swap slots, values of a counter
MOVES, AGAIN, BUSY = "it moves", "it answers -EAGAIN", "it answers -EBUSY"


class Problem(NamedTuple):
    """A question and its answer: a number, or one of `choices`.

    rows: the picture's cells. top: end of the line that a number is on. It is the same for all
    problems of a kind, since an end that depends on the answer gives it away.
    """

    question: str
    answer: int | str
    why: str
    rows: dict[str, list[str]]
    choices: Sequence[str] = ()
    unit: str = ""
    top: int = 0


def pages(seed: int) -> Problem:
    """Ask for the frame of an address."""
    address = random.Random(seed).randrange(1 << PAGE_SHIFT, ADDRESSES)
    pfn = address >> PAGE_SHIFT
    digits = f"{address:x}"
    row = [f"f:{digit}" for digit in digits[:-3]] + [f"o:{digit}" for digit in digits[-3:]]
    why = f"The last three digits are the position (o) in the frame: {address:#x} >> 12 = {pfn}."
    question = f"Which page frame holds the byte at address {address:#x}?"
    return Problem(question, pfn, why, {f"{address:#x}": row}, top=ADDRESSES >> PAGE_SHIFT)


def buddy(seed: int) -> Problem:
    """Ask for the largest free block after a few calls."""
    draw = random.Random(seed)
    free: list[set[int]] = [set() for _ in range(TOP)] + [{0}]
    used: dict[str, tuple[int, int]] = {}
    calls = []
    for name in "ABCDE":
        order = draw.choice((0, 0, 1, 2))
        used[name] = (_taken(free, order), order)
        calls.append(f"{name} = alloc({order})")
    for name in draw.sample(sorted(used), 3):
        _given_back(free, *used.pop(name))
        calls.append(f"free({name})")
    largest = max(order for order in range(TOP + 1) if free[order])
    why = "A freed block merges with its buddy only if the buddy is free as a whole."
    question = (
        f"16 free frames, then: {', '.join(calls)}. What is the order of the largest free block?"
    )
    return Problem(question, largest, why, {"frames": _cells(free, used)}, top=TOP)


def _taken(free: list[set[int]], order: int) -> int:
    larger = next(k for k in range(order, TOP + 1) if free[k])
    pfn = min(free[larger])
    free[larger].remove(pfn)
    for half in range(order, larger):
        free[half].add(pfn + (1 << half))
    return pfn


def _given_back(free: list[set[int]], pfn: int, order: int) -> None:
    while order < TOP and pfn ^ (1 << order) in free[order]:
        free[order].remove(pfn ^ (1 << order))
        pfn, order = pfn & ~(1 << order), order + 1
    free[order].add(pfn)


def _cells(free: list[set[int]], used: dict[str, tuple[int, int]]) -> list[str]:
    """Return a label for each frame: the order of its free block, or its owner."""
    cells = [""] * FRAMES
    blocks = [(str(order), pfn, order) for order in range(TOP + 1) for pfn in free[order]]
    for text, pfn, order in [*blocks, *((name, *block) for name, block in used.items())]:
        cells[pfn : pfn + (1 << order)] = [text] * (1 << order)
    return cells


def radix(seed: int) -> Problem:
    """Ask for the slot of the top node that leads to a key."""
    draw = random.Random(seed)
    height = draw.choice((2, 3))
    shift = RADIX_TREE_MAP_SHIFT * (height - 1)
    key = draw.randrange(1 << shift, RADIX_TREE_MAP_SIZE << shift)
    slots = [
        key >> RADIX_TREE_MAP_SHIFT * level & RADIX_TREE_MAP_SIZE - 1
        for level in range(height - 1, -1, -1)
    ]
    question = f"A tree has height {height}. Which slot of its top node leads to key {key}?"
    why = f"Each level takes 6 bits: {key} goes through the slots {slots}."
    rows = {f"key {key}": [f"s{slot}" for slot in slots]}
    return Problem(question, slots[0], why, rows, top=RADIX_TREE_MAP_SIZE)


def zbud(seed: int) -> Problem:
    """Ask how many pages a few objects take."""
    draw = random.Random(seed)
    sizes = [draw.randint(2, 12) for _ in range(OBJECTS)]
    taken: list[list[int]] = []
    for size in sizes:
        holes = [page for page in taken if len(page) == 1 and CHUNKS - 1 - page[0] >= size]
        if holes:
            max(holes, key=lambda page: page[0]).append(size)
        else:
            taken.append([size])
    question = (
        f"zbud pages have {CHUNKS} chunks, one of them the header. Objects of "
        f"{', '.join(map(str, sizes))} chunks arrive. How many pages do they take?"
    )
    why = "Each object goes into the smallest hole that is large enough; a page holds two at most."
    rows = {f"page {number}": _chunks(*page) for number, page in enumerate(taken)}
    return Problem(question, len(taken), why, rows, unit="pages", top=OBJECTS)


def _chunks(first: int, last: int = 0) -> list[str]:
    return ["H", *["F"] * first, *[""] * (CHUNKS - 1 - first - last), *["L"] * last]


def zswap(seed: int) -> Problem:
    """Ask how many pages are on the device after a few calls."""
    draw = random.Random(seed)
    slots = list(range(SLOTS))
    draw.shuffle(slots)
    pool: list[int] = []
    device: list[int] = []
    calls = []
    for slot in slots[: draw.randint(4, 7)]:
        if len(pool) == LIMIT:
            device.append(pool.pop(0))
        pool.append(slot)
        calls.append(f"store {slot}")
        if draw.random() < 0.4:
            gone = draw.choice(pool + device)
            (pool if gone in pool else device).remove(gone)
            calls.append(f"invalidate {gone}")
    row = ["z" if slot in pool else "d" if slot in device else "" for slot in range(SLOTS)]
    question = (
        f"zswap holds {LIMIT} pages and writes back the oldest. After {', '.join(calls)}: how many "
        "pages are on the device?"
    )
    why = "A store into a full pool moves the oldest page to the device; invalidate drops a page."
    return Problem(question, len(device), why, {"slots": row}, unit="pages", top=SLOTS)


def migration(seed: int) -> Problem:
    """Ask what migration answers for a page with mappings and freed handles."""
    draw = random.Random(seed)
    handles, mapped, freed = draw.randint(1, 2), draw.randint(0, 2), draw.random() < 0.5
    freed = freed and mapped > 0
    held = ["I", *["H"] * (handles - freed), *["M"] * mapped]
    expected = ["I", *["H"] * handles]
    objects = ("one object, which", "two objects. The first")[handles - 1]
    times = ("not mapped", "mapped once", "mapped twice")[mapped]
    story = f"A zbud page has {objects} is {times}{' and then freed' * freed}."
    question = f"{story} Compaction isolates the page. What does migration do?"
    why = (
        f"The page has {len(held)} references: isolation (I), handles (H), mappings (M). A handle "
        f"stays in the tree while it is mapped, so {len(expected)} are expected."
    )
    answer = MOVES if len(held) == len(expected) else AGAIN
    rows = {"references": held, "expected": expected}
    return Problem(question, answer, why, rows, choices=(MOVES, AGAIN))


def compaction(seed: int) -> Problem:
    """Ask for the largest free block after compaction past an unmovable frame."""
    draw = random.Random(seed)
    before = [draw.choice(("", "", "A", "B")) for _ in range(FRAMES)]
    before[draw.randrange(FRAMES // 2)] = "U"
    after, left, right = list(before), 0, FRAMES - 1
    while left < right:
        if after[left] in ("", "U"):
            left += 1
        elif after[right]:
            right -= 1
        else:
            after[left], after[right] = "", after[left]
    largest = max(
        1 << order
        for order in range(TOP + 1)
        for pfn in range(0, FRAMES, 1 << order)
        if order == 0 or not any(after[pfn : pfn + (1 << order)])
    )
    row = " ".join(cell or "." for cell in before)
    question = f"{row}: U cannot move. How many frames has the largest free block once compacted?"
    why = "Used frames move to the end, U stays, and a block begins at a multiple of its size."
    rows = {"before": before, "after": after}
    return Problem(question, largest, why, rows, unit="frames", top=FRAMES)


def races(seed: int) -> Problem:
    """Ask where a counter ends after a schedule without locks."""
    draw = random.Random(seed)
    turns = [who for who in "ABC" for _ in range(2)]
    draw.shuffle(turns)
    counter = draw.randrange(COUNTERS // 10, COUNTERS - 10)
    story, read = f"A counter is {counter}.", dict[str, int]()
    rows = {who: [""] * len(turns) for who in "ABC"}
    for place, who in enumerate(turns):
        rows[who][place] = "w" if who in read else "r"
        if who in read:
            counter = read.pop(who) + 1
        else:
            read[who] = counter
    verbs = {"r": "reads", "w": "writes"}
    steps = ", ".join(f"{who} {verbs[rows[who][place]]}" for place, who in enumerate(turns))
    question = (
        f"{story} Three processors each read it and then write one more than they read, without a "
        f"lock: {steps}. What is the counter at the end?"
    )
    why = "Each write is one more than its processor read, whatever was written in between."
    return Problem(question, counter, why, rows, top=COUNTERS)


def zsmalloc(seed: int) -> Problem:
    """Ask for a size class, for the page of an object, or what migration answers, in turn."""
    return (_size_class, _place, _zspage_moves)[seed % 3](random.Random(seed))


def _size_class(draw: random.Random) -> Problem:
    length = draw.randrange(200, 3000)
    size = -(-(length + ZS_HANDLE_SIZE) // ZS_SIZE_CLASS_DELTA) * ZS_SIZE_CLASS_DELTA
    question = (
        f"A page compresses to {length} bytes. zsmalloc adds a word of 8 bytes, and its sizes are "
        "16 bytes apart, starting at 32. How large is the place that it needs, before sizes share "
        "a class?"
    )
    wasted = size - length - ZS_HANDLE_SIZE
    why = f"{length} + 8 = {length + 8}, rounded up to a multiple of 16; {wasted} bytes are wasted."
    cells = {"each cell: 256 bytes": _cells_of([(length, "A"), (size - length, "W")])}
    return Problem(question, size, why, cells, unit="bytes", top=PAGE_SIZE)


def _cells_of(parts: Sequence[tuple[int, str]]) -> list[str]:
    """Return a cell for each 256 bytes of parts one after another, at least one for each."""
    return [text for length, text in parts for _ in range(max(round(length / 256), 1))]


def _place(draw: random.Random) -> Problem:
    size = draw.choice((3, 5, 6, 7, 9, 10, 11, 12, 13))
    pages = min(range(1, CHAIN + 1), key=lambda count: count * CHUNKS % size)
    places = pages * CHUNKS // size
    asked = draw.randrange(places)
    row = [chr(ord("A") + place) for place in range(places) for _ in range(size)]
    row += [""] * (pages * CHUNKS - len(row))
    name = chr(ord("A") + asked)
    question = (
        f"Pages have {CHUNKS} chunks each, and places {size}. A zspage joins the number of pages, "
        f"at most {CHAIN}, that leaves the fewest chunks at its end. Its places are called A, B, C "
        f"and so on, and its pages 0, 1, 2, 3. In which page does place {name} start?"
    )
    why = (
        f"With {pages} page{'s' * (pages > 1)} {pages * CHUNKS % size} chunks are left. Place "
        f"{name} starts at chunk {asked} x {size} = {asked * size}: page {asked * size // CHUNKS}."
    )
    rows = {f"page {at}": row[at * CHUNKS : (at + 1) * CHUNKS] for at in range(pages)}
    choices = [f"page {at}" for at in range(CHAIN)]
    return Problem(question, choices[asked * size // CHUNKS], why, rows, choices)


def _zspage_moves(draw: random.Random) -> Problem:
    pages = draw.randint(2, CHAIN)
    moving, read = draw.sample(range(pages), 2)
    extra, readers = draw.random() < 0.3, draw.random() < 0.6
    held = ["Z", "I", *["X"] * extra]
    reading = f" An object in page {read} of the zspage is being read." if readers else ""
    holder = " A third holder has a reference to the page." if extra else ""
    question = (
        f"Compaction isolates page {moving} of a zspage of {pages} pages.{reading}{holder} What "
        "does migration do on Linux 7.3?"
    )
    if extra:
        why = (
            "The page has three references; the zspage's (Z) and the isolation's (I) are expected."
        )
    elif readers:
        why = "Readers (R) are counted for the whole zspage, so a reader of any page stops each."
    else:
        why = "Two references, the zspage's (Z) and the isolation's (I), as expected; no reader."
    answer = AGAIN if extra else BUSY if readers else MOVES
    rows = {"references": held, "readers": ["R"] if readers else [""]}
    return Problem(question, answer, why, rows, choices=(MOVES, AGAIN, BUSY))


#: Generators by the name of their subject.
SUBJECTS: dict[str, Callable[[int], Problem]] = {
    made.__name__: made
    for made in (pages, buddy, radix, zbud, zswap, migration, compaction, races, zsmalloc)
}
