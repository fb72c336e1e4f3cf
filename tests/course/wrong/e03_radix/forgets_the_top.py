"""Counts two levels of nodes where there are three."""

LOSES = ("nodes",)


def nodes_used():
    keys = number("e03_radix", "keys", STUDENT, 65, 4000)
    return keys + -(-keys // 64)
