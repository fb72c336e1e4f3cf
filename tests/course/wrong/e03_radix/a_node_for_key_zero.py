"""Gives key 0 a level of nodes."""

LOSES = ("height",)


def height_for(key):
    height = 1
    while int(key) >> 6 * height:
        height += 1
    return height
