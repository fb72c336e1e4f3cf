"""Counts one of the two handles only."""

LOSES = ("mapped",)


def references_when_mapped():
    mappings = [number("e06_migrate", name, STUDENT, 1, 20) for name in ("first", "last")]
    return 2 + sum(mappings)
