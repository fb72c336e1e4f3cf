"""Rounds the height up where the bits divide by six."""

LOSES = ("height",)


def height_for(key):
    return int(key).bit_length() // 6 + 1 if key else 0
