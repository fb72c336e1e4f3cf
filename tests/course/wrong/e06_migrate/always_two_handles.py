"""Expects two handles, whether the page has both or not."""

LOSES = ("count", "golden", "machine")


def expected_references(header):
    return 3
