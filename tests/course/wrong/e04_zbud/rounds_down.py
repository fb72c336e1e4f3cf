"""Rounds the number of chunks down."""

LOSES = ("chunks",)


def size_to_chunks(size):
    return size // CHUNK_SIZE
