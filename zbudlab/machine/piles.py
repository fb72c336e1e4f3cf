"""Check that every record of a table is either in use or on the chain of free records."""

from numpy.typing import NDArray


class Broken(ValueError):
    """A link leads to a place where no link may lead."""


def pile(first: int, following: NDArray, never_used: int, what: str) -> list[int]:
    """Return the free records of a table, which are chained. Raise Broken for a bad link.

    first: the first of them, 0 = none. following: the next of each record. never_used: the lowest
    record that has never been in use. what: the records, in words.
    """
    if not 1 <= never_used <= len(following):
        raise Broken(f"{what}: {never_used} of {len(following)} records cannot be in use")
    found: list[int] = []
    at = first
    while at:
        if not 0 < at < never_used or len(found) >= never_used:
            raise Broken(f"{what}: the chain of free records leads to {at}")
        found.append(at)
        at = int(following[at])
    if len(set(found)) < len(found):
        raise Broken(f"{what}: the chain of free records has a cycle")
    return found


def check_disjoint(used: list[int], free: list[int], never_used: int, what: str) -> None:
    """Raise Broken unless each record is used once or free."""
    if sorted(used + free) != list(range(1, never_used)):
        raise Broken(f"{what}: a record is used twice, lost, or free and used")
