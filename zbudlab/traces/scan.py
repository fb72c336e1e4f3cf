"""Compiled helpers that read bytes of text, shared by the scanners of trace lines.

A scanner takes a block of whole lines, uint8, and fills records in one pass. Lines that it cannot
read are left to Python: the scanner notes where each begins and ends, and its number within the
block.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import NO_FRAME

NEWLINE, RETURN, TAB, SPACE, COLON, EQUALS, COMMA, DOT = b"\n\r\t :=,."
OPEN, CLOSE = b"()"
NOT_A_NUMBER = -1

ODD_COLUMNS = 3  #: of lines left over: first byte, byte after the last, lines before it

#: What scanners count, by place.
LINES, OTHERS, ODD, STACK, STEALS = range(5)
NR_COUNTS = 5


def word(text: str) -> np.ndarray:
    """Return the bytes of a word as an array."""
    return np.frombuffer(text.encode(), np.uint8)


@kernel
def line_end(text, at):
    """Return the place of the newline that ends the line with byte `at`."""
    while text[at] != NEWLINE:
        at += 1
    return at


@kernel
def skip_blanks(text, at, end):
    """Return the place of the first byte, from `at` on, that is neither a space nor a tab."""
    while at < end and (text[at] == SPACE or text[at] == TAB):
        at += 1
    return at


@kernel
def digit(byte):
    """Return the value of a hexadecimal digit, 16 for another byte."""
    if 48 <= byte <= 57:
        return np.int64(byte) - 48
    lower = np.int64(byte) | 32
    if 97 <= lower <= 102:
        return lower - 87
    return 16


@kernel
def ends_number(byte):
    """Return whether a number may end before this byte."""
    return byte in (SPACE, COMMA, CLOSE, RETURN, TAB)


@kernel
def number_at(text, at, end, base):
    """Return the number that begins at `at` and ends with a blank, comma, parenthesis or the line.

    base: of the digits; a prefix `0x` makes it 16. Numbers above NO_FRAME become NO_FRAME. Return
    NOT_A_NUMBER for other text.
    """
    if end - at > 2 and text[at] == 48 and text[at + 1] | 32 == 120:
        at += 2
        base = 16
    value = 0
    first = at
    while at < end and digit(text[at]) < base:
        value = min(value * base + digit(text[at]), NO_FRAME)
        at += 1
    ended = at == end or ends_number(text[at])
    return value if ended and at > first else NOT_A_NUMBER


@kernel
def ends_with(text, start, at, word):
    """Return whether the bytes [start, at) end with that word."""
    first = at - word.shape[0]
    if first < start:
        return False
    alike = 0
    while alike < word.shape[0] and text[first + alike] == word[alike]:
        alike += 1
    return alike == word.shape[0]


@kernel
def holds(text, at, end, word):
    """Return whether the word occurs in bytes [at, end)."""
    found = False
    for last in range(at + word.shape[0], end + 1):
        found = found or ends_with(text, at, last, word)
    return found


@kernel
def note_odd(odd, counts, start, end, line):
    """Keep the place of a line that was not read, if there is room."""
    place = counts[ODD]
    if place < odd.shape[0]:
        odd[place, 0] = start
        odd[place, 1] = end
        odd[place, 2] = line
    counts[ODD] += 1
