"""Merges blocks of the largest order, too."""

LOSES = ("give",)

CHANGES = {"free_one_page": [("order < MAX_ORDER - 1", "order < MAX_ORDER")]}
