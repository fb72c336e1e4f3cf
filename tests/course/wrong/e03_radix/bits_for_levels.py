"""Answers the bits of the key for its levels."""

LOSES = ("levels",)


def levels():
    return number("e03_radix", "key", STUDENT, 100, 999_999_999).bit_length()
