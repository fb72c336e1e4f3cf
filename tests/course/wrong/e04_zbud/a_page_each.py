"""A page for each object, as if zbud did not pair them."""

LOSES = ("pages",)


def pages_for_objects():
    return number("e04_zbud", "objects", STUDENT, 100, 999)
