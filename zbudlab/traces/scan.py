"""Recorded traces as text, read by compiled code: one pass over the bytes, a record an event.

A scanner takes a block of whole lines, uint8, and fills records. Lines that it can make nothing
of are left to Python: where each begins and ends, and its number within the block.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import NO_FRAME, PAGE_SHIFT, PAGE_SIZE
from zbudlab.traces.reduction import use_page

NEWLINE, SPACE, COLON, EQUALS, COMMA, DOT = b"\n :=,."
NOT_A_NUMBER = -1

# Columns of what is left over: byte where a line begins, where it ends, lines before it.
ODD_COLUMNS = 3


def _word(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


ALLOC, FREE, SYSTEM = (_word(name) for name in ("mm_page_alloc", "mm_page_free", "kmem:"))
PFN, ORDER, MIGRATETYPE, GFP_FLAGS = (
    _word(name) for name in ("pfn", "order", "migratetype", "gfp_flags")
)
MOVABLE = _word("MOVABLE")
# How pfn is written for a block that was refused, where it is not 0: all bits set.
NO_PFN = _word("0xffffffffffffffff"), _word("18446744073709551615")


@kernel
def line_end(text, at):
    """Where the line that holds byte `at` ends: its newline."""
    while text[at] != NEWLINE:
        at += 1
    return at


@kernel
def digit(byte):
    """The value of a hexadecimal digit; 16 = it is none."""
    if 48 <= byte <= 57:
        return np.int64(byte) - 48
    lower = np.int64(byte) | 32
    if 97 <= lower <= 102:
        return lower - 87
    return 16


@kernel
def number_at(text, at, end, base):
    """The number that begins at `at` and ends with a space, comma or the line; or NOT_A_NUMBER.

    base: of its digits; `0x` before them makes it 16. No number is larger than NO_FRAME.
    """
    if end - at > 2 and text[at] == 48 and text[at + 1] == 120:
        at += 2
        base = 16
    value = 0
    first = at
    while at < end and digit(text[at]) < base:
        value = min(value * base + digit(text[at]), NO_FRAME)
        at += 1
    ended = at == end or text[at] == SPACE or text[at] == COMMA or text[at] == 13
    return value if ended and at > first else NOT_A_NUMBER


@kernel
def ends_with(text, start, at, word):
    """Whether the bytes up to `at`, none before `start`, end with that word."""
    first = at - word.shape[0]
    if first < start:
        return False
    alike = 0
    while alike < word.shape[0] and text[first + alike] == word[alike]:
        alike += 1
    return alike == word.shape[0]


@kernel
def nanoseconds_before(text, start, at):
    """The time `12.345678` that ends at `at`, nanoseconds below LATEST; or NOT_A_NUMBER."""
    first = at
    dot = 0
    while first > start and (digit(text[first - 1]) < 10 or text[first - 1] == DOT):
        first -= 1
        if text[first] == DOT:
            dot = first
    if dot == 0 or dot == first:
        return NOT_A_NUMBER
    value = 0
    for i in range(first, dot):
        value = min(value * 10 + digit(text[i]), LATEST)
    if value == LATEST:
        return NOT_A_NUMBER
    for i in range(dot + 1, dot + 10):
        value = value * 10 + (digit(text[i]) if i < at else 0)
    return value


@kernel
def holds(text, at, end, word):
    """Whether the word stands in bytes [at, end)."""
    found = False
    for last in range(at + word.shape[0], end + 1):
        found = found or ends_with(text, at, last, word)
    return found


#: What a line may say, by place in `fields`; NOT_A_NUMBER = it does not. MISSHAPEN: a time is none.
SAID_TIME, SAID_ALLOC, SAID_PFN, SAID_ORDER, SAID_TYPE = range(5)
NR_FIELDS = 5
MISSHAPEN = NOT_A_NUMBER - 1
NR_TYPES = 8  #: numbers that a migrate type may have
NR_ORDERS = 32  #: and an order; a block larger than our largest is refused
LATEST = 9 * 10**9  #: seconds, of which the nanoseconds are an int64


@kernel
def read_event(text, start, at, fields, word, alloc):
    """Note the event whose name ends at `at`. What stands before it with a colon must be a time."""
    fields[SAID_ALLOC] = alloc
    at -= word.shape[0]
    if ends_with(text, start, at, SYSTEM):
        at -= SYSTEM.shape[0]
    while at > start and text[at - 1] == SPACE:
        at -= 1
    if fields[SAID_TIME] < 0 and at > start and text[at - 1] == COLON:
        fields[SAID_TIME] = MISSHAPEN


@kernel
def read_name(text, start, at, fields):
    """Note what ends at the colon `at`: the name of an event of ours, or a time before it."""
    if ends_with(text, start, at, ALLOC):
        read_event(text, start, at, fields, ALLOC, 1)
    elif ends_with(text, start, at, FREE):
        read_event(text, start, at, fields, FREE, 0)
    elif fields[SAID_TIME] < 0:
        fields[SAID_TIME] = nanoseconds_before(text, start, at)


@kernel
def pfn_at(text, at, end):
    """The frame's number that begins at `at`; 0 = the block was refused; or NOT_A_NUMBER."""
    pfn = number_at(text, at, end, 10)
    if pfn < NO_FRAME:
        return pfn
    last = at
    while last < end and text[last] != SPACE:
        last += 1
    said = ends_with(text, at, last, NO_PFN[0]) or ends_with(text, at, last, NO_PFN[1])
    return 0 if said else NOT_A_NUMBER


@kernel
def read_value(text, start, at, end, fields, hints):
    """Note the value behind the equals sign `at`, if its name is one of ours."""
    if ends_with(text, start, at, PFN):
        fields[SAID_PFN] = pfn_at(text, at + 1, end)
    elif ends_with(text, start, at, ORDER):
        fields[SAID_ORDER] = number_at(text, at + 1, end, 10)
    elif ends_with(text, start, at, MIGRATETYPE):
        fields[SAID_TYPE] = number_at(text, at + 1, end, 10)
    elif hints[1] + hints[2] == 0 and ends_with(text, start, at, GFP_FLAGS):
        hints[fields[SAID_TYPE] & (NR_TYPES - 1)] += holds(text, at, end, MOVABLE)


@kernel
def fill_event(fields, event):
    """Make an event of what a line said: 1, or 0 = of another kind, -1 = it makes none."""
    pfn, order, migratetype = fields[SAID_PFN], fields[SAID_ORDER], fields[SAID_TYPE]
    alloc = fields[SAID_ALLOC]
    if alloc < 0:
        return 0 if fields[SAID_TIME] >= 0 else -1
    if pfn < 0 or fields[SAID_TIME] == MISSHAPEN or not 0 <= order < NR_ORDERS:
        return -1
    if alloc == 1 and not 0 <= migratetype < NR_TYPES:
        return -1
    event.time = fields[SAID_TIME]
    event.pfn = NO_FRAME if alloc == 1 and pfn == 0 else pfn
    event.order = order
    event.migratetype = max(migratetype, 0)
    event.alloc = alloc
    return 1


@kernel(inline=False)
def scan_block_event(text, start, end, event, fields, hints):
    """Read one line into `event`: 1 = an event of ours, 0 = another's, -1 = neither.

    fields: int64 (NR_FIELDS,), scratch. hints: int64 (NR_TYPES,), counts of movable requests by
    their number of migrate type; only the first is looked for.
    """
    for i in range(NR_FIELDS):
        fields[i] = NOT_A_NUMBER
    for at in range(start, end):
        byte = text[at]
        if byte == COLON and fields[SAID_ALLOC] < 0:
            read_name(text, start, at, fields)
        elif byte == EQUALS and fields[SAID_ALLOC] >= 0:
            read_value(text, start, at, end, fields, hints)
    return fill_event(fields, event)


@kernel(inline=False)
def scan_block_events(text, events, odd, fields, hints, counts):
    """Read the page allocator's events out of a block of lines; how many.

    events: layout.block_event, room for one each 24 bytes. odd: int64 (n, ODD_COLUMNS), lines
    that are neither these nor another event nor blank, as far as there is room. fields, hints:
    see `scan_block_event`. counts: int64 (3,), grows by lines, other events, odd lines.
    """
    found = at = 0
    while at < text.shape[0]:
        end = line_end(text, at)
        kind = 0
        if end > at:
            kind = scan_block_event(text, at, end, events[found], fields, hints)
        if kind > 0:
            found += 1
        elif kind == 0:
            counts[1] += end > at
        else:
            note_odd(odd, counts, at, end, counts[0])
        counts[0] += 1
        at = end + 1
    return found


@kernel
def note_odd(odd, counts, start, end, line):
    """Keep where an odd line stands, if there is room."""
    place = counts[2]
    if place < odd.shape[0]:
        odd[place, 0] = start
        odd[place, 1] = end
        odd[place, 2] = line
    counts[2] += 1


# --- lackey ------------------------------------------------------------------------------------

LETTER_I, LETTER_L, LETTER_M, LETTER_S = b"ILMS"


@kernel
def read_use(text, at, end):
    """What a line `I  ADDRESS,SIZE` says: address and bytes; NOT_A_NUMBER = nothing."""
    comma = at + 3
    while comma < end and text[comma] != COMMA:
        comma += 1
    if end - at < 6 or text[at + 2] != SPACE:
        return NOT_A_NUMBER, NOT_A_NUMBER
    return number_at(text, at + 3, comma, 16), number_at(text, comma + 1, end, 10)


@kernel(inline=False)
def scan_memory_uses(text, start, uses, recent, held, marks, odd, counts):
    """Read memory references of valgrind's lackey out of lines from byte `start` on.

    A line is `I  ADDRESS,SIZE` (instruction), ` L` (load), ` S` (store) or ` M` (both), the
    address hexadecimal. Returns how many uses of pages were noted (see `use_page`), and the byte
    before which it stopped for lack of room.

    uses: layout.page_use, room for twice as many as `held` has. recent, held, marks: see
    `use_page`. odd: as above. counts: int64 (3,), grows by lines, references, odd lines.
    """
    found = 0
    at = start
    while at < text.shape[0] and uses.shape[0] - found >= 2 * held.shape[0]:
        end = line_end(text, at)
        address, size = read_use(text, at, end)
        letter = max(text[at], text[at + 1]) if end > at else NEWLINE
        known = letter in (LETTER_I, LETTER_L, LETTER_M, LETTER_S)
        if not known or address < 0 or not 1 <= size <= PAGE_SIZE:
            note_odd(odd, counts, at, end, counts[0])
        else:
            counts[1] += 1
            write = letter in (LETTER_S, LETTER_M)
            first, last = address >> PAGE_SHIFT, (address + size - 1) >> PAGE_SHIFT
            for page in range(first, last + 1):
                time = 2 * counts[1] + page - first
                found = use_page(recent, held, marks, uses, found, page, write, time)
        counts[0] += 1
        at = end + 1
    return found, at
