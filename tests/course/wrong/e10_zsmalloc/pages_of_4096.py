"""Knows no pages but those of 4096 bytes."""

LOSES = ("place",)

CHANGES = {
    "pieces_of_object": [("    page, offset", "    page_size = PAGE_SIZE\n    page, offset")]
}
