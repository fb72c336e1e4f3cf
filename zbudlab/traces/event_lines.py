"""Events of the page allocator in lines of text, read by compiled code.

The formats of `perf script`, trace-cmd, ftrace's files, `ftrace_dump` and `perf trace` are read,
with all names that the events have had since 2.6.31. Lines of call chains are skipped.
"""

from zbudlab.jit import kernel
from zbudlab.layout import NO_FRAME
from zbudlab.traces.scan import (
    CLOSE,
    COLON,
    EQUALS,
    LINES,
    NOT_A_NUMBER,
    OPEN,
    OTHERS,
    RETURN,
    SPACE,
    STACK,
    STEALS,
    TAB,
    digit,
    ends_with,
    holds,
    line_end,
    note_odd,
    number_at,
    skip_blanks,
    word,
)
from zbudlab.traces.times import COUNTED, milliseconds_at, time_before

ALLOC, FREE, STEAL = (
    word(name) for name in ("mm_page_alloc", "mm_page_free", "mm_page_alloc_extfrag")
)
#: What 2.6.31 to 3.2 call a free; a page freed by a pagevec has the second event only.
FREE_DIRECT, PAGEVEC_FREE = word("mm_page_free_direct"), word("mm_pagevec_free")
SYSTEM, UNKNOWN = word("kmem:"), word("[unknown]")
PFN, ORDER, MIGRATETYPE, GFP_FLAGS = (
    word(name) for name in ("pfn", "order", "migratetype", "gfp_flags")
)
MOVABLE = word("MOVABLE")
LOST = word("lost")  #: what recorders say in lines that otherwise look like events
#: A pfn that means "refused" where it is not 0: all bits set, of 64 or 32 bits.
NO_PFN = word("0xffffffffffffffff"), word("18446744073709551615")
NO_PFN_32 = 0xFFFFFFFF

#: Values of a line, by place in `fields`; NOT_A_NUMBER = not there. MISSHAPEN: no valid time.
TIME, EVENT, FRAME, SIZE, TYPE, CALL = range(6)
NR_FIELDS = 6
MISSHAPEN = NOT_A_NUMBER - 1
FREED, ALLOCATED, STOLEN = range(3)
NR_TYPES = 8  #: numbers that a migrate type may have
NR_ORDERS = 32  #: and an order; a block larger than the largest is refused

#: What a line is.
AN_EVENT, OTHER_EVENT, ODD_LINE, STACK_LINE, STEAL_EVENT = 1, 0, -1, -2, -3
SHORTEST_ADDRESS = 4  #: digits


@kernel
def is_stack(text, at, end):
    """Return whether a line is part of a call chain: `=> function` or `  address function`."""
    first = skip_blanks(text, at, end)
    if end - first > 2 and text[first] == EQUALS and text[first + 1] == 62:
        return True
    last = first
    while last < end and digit(text[last]) < 16:
        last += 1
    if first == at or last in (first, end) or text[last] != SPACE:
        return False
    name = skip_blanks(text, last, end)
    if last - first < SHORTEST_ADDRESS:
        return ends_with(text, name, min(name + UNKNOWN.shape[0], end), UNKNOWN)
    return digit(text[name]) > 9


@kernel
def is_word(text, at, end):
    """Return whether the bytes [at, end) have no blank, except at the end."""
    while at < end and not (text[at] == SPACE or text[at] == TAB or text[at] == RETURN):
        at += 1
    at = skip_blanks(text, at, end)
    return at == end or text[at] == RETURN


@kernel
def event_named(text, start, at):
    """Return which event's name ends at `at`, and its length; NOT_A_NUMBER for other text."""
    if ends_with(text, start, at, ALLOC):
        return ALLOCATED, ALLOC.shape[0]
    if ends_with(text, start, at, FREE):
        return FREED, FREE.shape[0]
    if ends_with(text, start, at, FREE_DIRECT):
        return FREED, FREE_DIRECT.shape[0]
    if ends_with(text, start, at, PAGEVEC_FREE):
        return FREED, PAGEVEC_FREE.shape[0]
    if ends_with(text, start, at, STEAL):
        return STOLEN, STEAL.shape[0]
    return NOT_A_NUMBER, 0


@kernel
def read_event(text, start, at, fields, event, length):
    """Note the event whose name ends at `at`. Before it, only a time may end with a colon."""
    fields[EVENT] = event
    at -= length
    if ends_with(text, start, at, SYSTEM):
        at -= SYSTEM.shape[0]
    while at > start and text[at - 1] == SPACE:
        at -= 1
    if fields[TIME] == NOT_A_NUMBER and at > start and text[at - 1] == COLON:
        fields[TIME] = MISSHAPEN


@kernel
def read_name(text, start, at, end, fields):
    """Note what ends at the colon or parenthesis at `at`: an event's name, or a time."""
    event, length = event_named(text, start, at)
    if event >= 0 and text[at] == OPEN:
        fields[CALL] = 1
        fields[TIME] = milliseconds_at(text, skip_blanks(text, start, end), end)
        fields[EVENT] = event
    elif event >= 0:
        read_event(text, start, at, fields, event, length)
        if fields[TIME] == NOT_A_NUMBER:  # an older perf trace: milliseconds begin the line
            fields[TIME] = milliseconds_at(text, skip_blanks(text, start, end), end)
    elif text[at] == COLON and fields[TIME] < 0:
        time = time_before(text, start, at)
        fields[TIME] = fields[TIME] if time == NOT_A_NUMBER else time


@kernel
def before_value(byte, fields):
    """Return whether a byte is between a name and its value: a colon in perf trace, else `=`."""
    return byte == EQUALS or (byte == COLON and fields[CALL] > 0)


@kernel
def pfn_at(text, at, end):
    """Return the frame number that begins at `at`; 0 = the request failed; or NOT_A_NUMBER."""
    pfn = number_at(text, at, end, 10)
    if pfn == NO_PFN_32:
        return 0
    if pfn < NO_FRAME:
        return pfn
    last = at
    while last < end and text[last] not in (SPACE, CLOSE, 44, 13):
        last += 1
    refused = ends_with(text, at, last, NO_PFN[0]) or ends_with(text, at, last, NO_PFN[1])
    return 0 if refused else NOT_A_NUMBER


@kernel
def read_value(text, start, at, end, fields, hints):
    """Note the value after the equals sign or colon at `at`, if its field is wanted."""
    value = skip_blanks(text, at + 1, end)
    if ends_with(text, start, at, PFN):
        fields[FRAME] = pfn_at(text, value, end)
    elif ends_with(text, start, at, ORDER):
        fields[SIZE] = number_at(text, value, end, 10)
    elif ends_with(text, start, at, MIGRATETYPE):
        fields[TYPE] = number_at(text, value, end, 10)
    elif hints[1] + hints[2] == 0 and ends_with(text, start, at, GFP_FLAGS):
        hints[fields[TYPE] & (NR_TYPES - 1)] += holds(text, at, end, MOVABLE)


@kernel
def other_line(text, start, end, fields):
    """Return what a line without an event of the page allocator is.

    An indented word is part of a call chain, such as `  file:line`; one of digits alone is not.
    """
    first = last = skip_blanks(text, start, end)
    while last < end and digit(text[last]) < 16:
        last += 1
    if start < first and last < end and is_word(text, last, end):
        return STACK_LINE
    if fields[TIME] < 0 and fields[TIME] != COUNTED:
        return ODD_LINE
    return ODD_LINE if says_lost(text, start, end) else OTHER_EVENT


@kernel
def says_lost(text, at, end):
    """Return whether bytes [at, end) have the word `lost`, in upper or lower case."""
    while at + LOST.shape[0] <= end:
        alike = 0
        while alike < LOST.shape[0] and text[at + alike] | 32 == LOST[alike]:
            alike += 1
        if alike == LOST.shape[0]:
            return True
        at += 1
    return False


@kernel
def fill_event(fields, event):
    """Make an event from the values of a line, and return what the line is."""
    pfn, order, migratetype = fields[FRAME], fields[SIZE], fields[TYPE]
    kind = fields[EVENT]
    if kind == STOLEN:
        return STEAL_EVENT
    if fields[CALL] > 0:  # perf trace leaves out zeros
        order, migratetype = max(order, 0), max(migratetype, 0)
    if pfn < 0 or fields[TIME] == MISSHAPEN or not 0 <= order < NR_ORDERS:
        return ODD_LINE
    if kind == ALLOCATED and not 0 <= migratetype < NR_TYPES:
        return ODD_LINE
    event.time = max(fields[TIME], -1)
    event.pfn = NO_FRAME if kind == ALLOCATED and pfn == 0 else pfn
    event.order = order
    event.migratetype = max(migratetype, 0)
    event.alloc = kind
    return AN_EVENT


@kernel(inline=False)
def scan_block_event(text, start, end, event, fields, hints):
    """Read one line into `event` and return what the line is (AN_EVENT, OTHER_EVENT, ...).

    fields: int64 (NR_FIELDS,), scratch space. hints: int64 (NR_TYPES,), counts of movable requests
    by their number of migrate type; only the first is looked for.
    """
    for i in range(NR_FIELDS):
        fields[i] = NOT_A_NUMBER
    if is_stack(text, start, end):
        return STACK_LINE
    for at in range(start, end):
        byte = text[at]
        if byte not in (COLON, OPEN, EQUALS):  # most bytes
            continue
        if fields[EVENT] < 0:
            if byte != EQUALS:
                read_name(text, start, at, end, fields)
        elif fields[EVENT] < STOLEN and before_value(byte, fields):
            read_value(text, start, at, end, fields, hints)
    if fields[EVENT] < 0:
        return other_line(text, start, end, fields)
    return fill_event(fields, event)


@kernel
def count_line(kind, counts):
    """Count a line that is not one of these events."""
    counts[OTHERS] += kind == OTHER_EVENT
    counts[STACK] += kind == STACK_LINE
    counts[STEALS] += kind == STEAL_EVENT


@kernel(inline=False)
def scan_block_events(text, events, odd, fields, hints, counts):
    """Read the page allocator's events from a block of lines. Return their number.

    events: layout.block_event, one for every 24 bytes of text. odd: int64 (n, ODD_COLUMNS), gets
    the places of lines that could not be read, including blank lines, as far as there is room.
    fields, hints: see `scan_block_event`. counts: int64 (NR_COUNTS,), to which the numbers of
    lines, other events, odd lines, lines of call chains and pageblock steals
    (mm_page_alloc_extfrag) are added.
    """
    found = at = 0
    while at < text.shape[0]:
        end = line_end(text, at)
        kind = OTHER_EVENT
        if end > at:
            kind = scan_block_event(text, at, end, events[found], fields, hints)
            count_line(kind, counts)
        found += kind == AN_EVENT
        if kind == ODD_LINE:
            note_odd(odd, counts, at, end, counts[LINES])
        counts[LINES] += 1
        at = end + 1
    return found
