"""Reduce the uses of pages to those that matter for a memory of n pages or more.

Of three uses of a page, the middle one is left out if fewer than n other pages are used between
the first and the third: the page stays in memory all that time. This is the "safely allowed drop"
of Kaplan, Smaragdakis and Wilson, except that the first write to a page is always kept. The result
is a subsequence of the uses.
"""

from zbudlab.jit import kernel

# Columns of the n pages used last, in any order. Times count uses.
USED_PAGE, USED_WRITTEN, USED_NOTED, USED_LAST = range(4)
USED_COLUMNS = 4

# Columns of noted uses, by time, that others may still precede; and marks for all of them.
HELD_TIME, HELD_PAGE, HELD_WRITE = range(3)
HELD_COLUMNS = 3
NR_HELD, GONE = range(2)  # uses held; when the page that left last was used last
NR_MARKS = 2


def held_rows(kept: int) -> int:
    """Return the number of rows that held uses need.

    Each of the `kept` pages has at most three held uses: when it entered memory, when it was first
    written, and when it would have left. The next use adds two.
    """
    return 3 * kept + 4


@kernel
def row_of(recent, page):
    """Return the row of a page, or -1 if it is not among the pages used last."""
    row = recent.shape[0] - 1
    while row >= 0 and recent[row, USED_PAGE] != page:
        row -= 1
    return row


@kernel
def least_recent(recent):
    """Return the row of the page whose last use is the oldest."""
    oldest = 0
    for row in range(1, recent.shape[0]):
        if recent[row, USED_LAST] < recent[oldest, USED_LAST]:
            oldest = row
    return oldest


@kernel
def hold(held, marks, time, page, write):
    """Insert a use in order of time."""
    at = marks[NR_HELD]
    while at > 0 and held[at - 1, HELD_TIME] > time:
        for column in range(HELD_COLUMNS):
            held[at, column] = held[at - 1, column]
        at -= 1
    held[at, HELD_TIME] = time
    held[at, HELD_PAGE] = page
    held[at, HELD_WRITE] = write
    marks[NR_HELD] += 1


@kernel
def let_go(held, marks, before, uses, found):
    """Move held uses older than `before` to `uses`. Return the number of uses there."""
    count = 0
    while count < marks[NR_HELD] and held[count, HELD_TIME] < before:
        uses[found].page = held[count, HELD_PAGE]
        uses[found].write = held[count, HELD_WRITE]
        found += 1
        count += 1
    for at in range(count, marks[NR_HELD]):
        for column in range(HELD_COLUMNS):
            held[at - count, column] = held[at, column]
    marks[NR_HELD] -= count
    return found


@kernel
def note_last(recent, held, marks, row):
    """Note the last use of a page, unless it is noted already."""
    last = recent[row, USED_LAST]
    if last != recent[row, USED_NOTED]:
        hold(held, marks, last, recent[row, USED_PAGE], 0)
        recent[row, USED_NOTED] = last


@kernel
def note_if_missed(recent, held, marks, row):
    """Note the last use of a page that would have left memory without it."""
    if recent[row, USED_NOTED] < marks[GONE]:
        note_last(recent, held, marks, row)


@kernel
def enter_page(recent, held, marks, page):
    """Replace the page used longest ago by another. Return its row."""
    row = least_recent(recent)
    note_last(recent, held, marks, row)
    marks[GONE] = recent[row, USED_LAST]
    recent[row, USED_PAGE] = page
    recent[row, USED_WRITTEN] = -1
    return row


@kernel
def use_page(recent, held, marks, uses, found, page, write, time):
    """Add a use of a page, later than all others. Return the number of uses in `uses`.

    recent: int64 (n, USED_COLUMNS). held: int64 (held_rows(n), HELD_COLUMNS). marks: int64
    (NR_MARKS,). uses: layout.page_use. In any memory of n pages or more with LRU replacement, the
    noted uses cause the same faults and the same writes as all uses. There are never more of them.
    """
    if marks[NR_HELD] + 2 > held.shape[0]:
        oldest = recent[least_recent(recent), USED_LAST]
        found = let_go(held, marks, oldest, uses, found)
    row = row_of(recent, page)
    if row < 0:
        row = enter_page(recent, held, marks, page)
    else:
        note_if_missed(recent, held, marks, row)
    if write > recent[row, USED_WRITTEN]:
        hold(held, marks, time, page, write)
        recent[row, USED_WRITTEN] = write
        recent[row, USED_NOTED] = time
    recent[row, USED_LAST] = time
    return found


@kernel(inline=False)
def end_uses(recent, held, marks, uses, found):
    """Move all remaining uses to `uses`, which must have room. Return the number of uses there."""
    for row in range(recent.shape[0]):
        note_if_missed(recent, held, marks, row)
    latest = held[marks[NR_HELD] - 1, HELD_TIME] if marks[NR_HELD] > 0 else 0
    return let_go(held, marks, latest + 1, uses, found)
