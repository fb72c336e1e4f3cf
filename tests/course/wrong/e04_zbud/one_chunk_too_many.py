"""A chunk more than is needed, also where the size ends with a chunk."""

LOSES = ("chunks",)


def size_to_chunks(size):
    return size // CHUNK_SIZE + 1
