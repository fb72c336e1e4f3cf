"""Takes a page without its first object for an empty one."""

LOSES = ("emptied",)


def must_stay(mem, header):
    return header.first_chunks == 0
