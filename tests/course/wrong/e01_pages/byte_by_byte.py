"""Moves single bytes."""

LOSES = ("lines",)


def copy_page(new, old):
    for at in range(4096):
        new[at] = old[at]
