"""An object never crosses the edge of a page."""

LOSES = ("place",)


def pieces_of_object(page_size, size, index):
    each = page_size // size
    return [(index // each, index % each * size, size)]
