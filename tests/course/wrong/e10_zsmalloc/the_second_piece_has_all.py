"""The second piece is as long as the object."""

LOSES = ("place",)

CHANGES = {"pieces_of_object": [("size - here))", "size))")]}
