"""An object that ends with its page gets a second piece of 0 bytes."""

LOSES = ("place",)

CHANGES = {"pieces_of_object": [("if here < size:", "if offset + size >= page_size:")]}
