"""Counts the header's chunk into each object."""

LOSES = ("chunks",)


def size_to_chunks(size):
    return (size + CHUNK_SIZE - 1) // CHUNK_SIZE + 1
