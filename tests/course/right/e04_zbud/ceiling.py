"""Rounds up by the negative."""

LOSES = ()


def size_to_chunks(size):
    return -(-size // 64)
