"""Forgets the piece in the next page."""

LOSES = ("place",)

CHANGES = {"pieces_of_object": [("if here < size:", "if False:")]}
