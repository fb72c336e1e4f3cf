"""Expects two handles, whether the page has both or not."""

LOSES = ("count",)


def expected_references(header):
    return 3
