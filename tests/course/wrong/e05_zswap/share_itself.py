"""Answers the share, at which the pool is not full yet."""

LOSES = ("share",)


def first_full_size():
    frames = number("e05_zswap", "frames", STUDENT, 1001, 9999)
    return frames * number("e05_zswap", "percent", STUDENT, 3, 47) // 100
