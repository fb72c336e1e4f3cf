"""Answers the place in the frame for the frame."""

LOSES = ("byte",)


def frame_of_byte():
    return number("e01_pages", "address", STUDENT, 1_000_000, 99_999_999) % 4096
