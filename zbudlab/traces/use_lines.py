"""Memory references in lines of text, read by compiled code.

There are two forms: that of valgrind's lackey, and the plain one of operating-system courses, an
address and R or W in either order.
"""

from zbudlab.jit import kernel
from zbudlab.layout import PAGE_SHIFT, PAGE_SIZE
from zbudlab.traces.reduction import use_page
from zbudlab.traces.scan import (
    COMMA,
    LINES,
    NOT_A_NUMBER,
    OTHERS,
    SPACE,
    ends_number,
    line_end,
    note_odd,
    number_at,
    skip_blanks,
)

LACKEY, PLAIN = range(2)  #: forms of a line
LETTER_I, LETTER_L, LETTER_M, LETTER_S, LETTER_R, LETTER_W = b"ILMSRW"
LOWER = 32  #: the bit that makes a letter lower-case


@kernel
def read_lackey(text, at, end):
    """Return address, bytes and whether they are written, of `I  ADDRESS,SIZE`."""
    comma = at + 3
    while comma < end and text[comma] != COMMA:
        comma += 1
    if end - at < 6 or text[at + 2] != SPACE:
        return NOT_A_NUMBER, NOT_A_NUMBER, 0
    letter = max(text[at], text[at + 1])
    if letter not in (LETTER_I, LETTER_L, LETTER_M, LETTER_S):
        return NOT_A_NUMBER, NOT_A_NUMBER, 0
    address, size = number_at(text, at + 3, comma, 16), number_at(text, comma + 1, end, 10)
    return address, size, 1 if letter in (LETTER_S, LETTER_M) else 0


@kernel
def letter_at(text, at, end):
    """Return 1 for W or 0 for R if that single letter is at `at`, otherwise NOT_A_NUMBER."""
    if at >= end or (at + 1 < end and not ends_number(text[at + 1])):
        return NOT_A_NUMBER
    letter = text[at] & ~LOWER
    if letter == LETTER_W:
        return 1
    return 0 if letter == LETTER_R else NOT_A_NUMBER


@kernel
def next_word(text, at, end):
    """Return the place after the word at `at` and the blanks or the comma that end it."""
    while at < end and not ends_number(text[at]):
        at += 1
    if at < end and text[at] == COMMA:
        at += 1
    return skip_blanks(text, at, end)


@kernel
def read_plain(text, at, end):
    """Return address, bytes (one) and whether they are written, of `ADDRESS R` or `R ADDRESS`."""
    at = skip_blanks(text, at, end)
    write = letter_at(text, at, end)
    second = next_word(text, at, end)
    if write >= 0:
        return number_at(text, second, end, 16), 1, write
    write = letter_at(text, second, end)
    address = number_at(text, at, end, 16) if write >= 0 else NOT_A_NUMBER
    return address, 1, max(write, 0)


@kernel(inline=False)
def scan_memory_uses(text, start, form, uses, recent, held, marks, odd, counts):
    """Read memory references from the lines that begin at byte `start`.

    Return the number of uses noted (see `use_page`), and the byte at which it stopped for lack of
    room.

    form: LACKEY, or PLAIN. uses: layout.page_use, room for twice as many as `held` has. recent,
    held, marks: see `use_page`. odd: int64 (n, ODD_COLUMNS), lines that could not be read. counts:
    int64 (NR_COUNTS,), to which the numbers of lines, references and odd lines are added.
    """
    found = 0
    at = start
    while at < text.shape[0] and uses.shape[0] - found >= 2 * held.shape[0]:
        end = line_end(text, at)
        address, size, write = NOT_A_NUMBER, NOT_A_NUMBER, 0
        if end > at:
            read = read_plain(text, at, end) if form == PLAIN else read_lackey(text, at, end)
            address, size, write = read
        if address < 0 or not 1 <= size <= PAGE_SIZE:
            note_odd(odd, counts, at, end, counts[LINES])
        else:
            counts[OTHERS] += 1
            first, last = address >> PAGE_SHIFT, (address + size - 1) >> PAGE_SHIFT
            for page in range(first, last + 1):
                time = 2 * counts[OTHERS] + page - first
                found = use_page(recent, held, marks, uses, found, page, write, time)
        counts[LINES] += 1
        at = end + 1
    return found, at
