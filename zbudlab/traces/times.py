"""Compiled readers of the times in lines of traces."""

from zbudlab.jit import kernel
from zbudlab.traces.scan import DOT, NOT_A_NUMBER, SPACE, digit, ends_with, word

LATEST = 9 * 10**9  #: seconds, of which the nanoseconds are an int64
COUNTED = NOT_A_NUMBER - 2  #: a clock of whole numbers: a time that is not known
MICROSECONDS = word("us")
MARKS = tuple(b"+!#*@$")


@kernel
def scaled(text, first, dot, at, places):
    """Return the digits of [first, at) without the dot, with `places` digits after it.

    Return NOT_A_NUMBER for LATEST seconds or more.
    """
    value = 0
    most = LATEST * 10 ** (9 - places)
    for i in range(first, dot):
        value = min(value * 10 + digit(text[i]), most)
    if value == most:
        return NOT_A_NUMBER
    for i in range(dot + 1, dot + 1 + places):
        value = value * 10 + (digit(text[i]) if i < at else 0)
    return value


@kernel
def whole_before(text, start, first, at, colon):
    """Return COUNTED for digits [first, at) before a colon, NOT_A_NUMBER for other text.

    A space must come before and after: the times of logs, such as 12:00:00, are not those of a
    trace.
    """
    if first == at or (first > start and text[first - 1] != SPACE):
        return NOT_A_NUMBER
    return COUNTED if text[colon + 1] == SPACE else NOT_A_NUMBER


@kernel
def before_mark(text, start, at):
    """Return the place without the mark of a long delay that ends at `at`, as in 77us!:.

    Source: kernel/trace/trace_output.c, trace_find_mark (v3.12; unchanged up to 6.x).
    """
    if at > start and text[at - 1] in MARKS and ends_with(text, start, at - 1, MICROSECONDS):
        return at - 1
    return at


@kernel
def time_before(text, start, at):
    """Return the time that ends at `at`: nanoseconds, COUNTED, or NOT_A_NUMBER.

    The forms are `12.345678`, `4415246506us` (ftrace_dump) and the integers of other clocks.
    """
    colon = at
    while at > start and text[at - 1] == 32:
        at -= 1
    at = before_mark(text, start, at)
    micro = ends_with(text, start, at, MICROSECONDS)
    at -= 2 * micro
    first = at
    dot = 0
    while first > start and (digit(text[first - 1]) < 10 or text[first - 1] == DOT):
        first -= 1
        if text[first] == DOT:
            dot = first
    if micro and dot == 0 and 0 < at - first < 16:
        return scaled(text, first, at, at, 3)
    if dot == 0:
        return whole_before(text, start, first, at, colon)
    return NOT_A_NUMBER if dot == first else scaled(text, first, dot, at, 9)


@kernel
def milliseconds_at(text, at, end):
    """Read a time in milliseconds at `at`, such as `0.061`. Return it in nanoseconds."""
    first = at
    dot = 0
    while at < end and (digit(text[at]) < 10 or text[at] == DOT):
        if text[at] == DOT:
            dot = at
        at += 1
    return NOT_A_NUMBER if dot == 0 or dot == first else scaled(text, first, dot, at, 6)
