"""Divides where others shift."""

LOSES = ()


def slot_of(key, level):
    return int(key) // 64**level % 64


def height_for(key):
    return 0 if key == 0 else 1 + height_for(int(key) // 64)


def levels():
    return len(oct(number("e03_radix", "key", STUDENT, 100, 999_999_999))[2:]) + 1 >> 1
