"""Copies from the new page to the old one."""

LOSES = ("copy", "lines")


def copy_page(new, old):
    for at in range(0, 4096, 64):
        old[at : at + 64] = new[at : at + 64]
