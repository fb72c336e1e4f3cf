"""Divides the bytes of all objects by those of a page."""

LOSES = ("pages",)


def pages_for_objects():
    objects = number("e10_zsmalloc", "objects", STUDENT, 100, 999)
    size = 16 * number("e10_zsmalloc", "bytes", STUDENT, 6, 40) - 4
    return -(-objects * size // 4096)
