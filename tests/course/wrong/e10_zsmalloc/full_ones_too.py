"""Offers a full zspage."""

LOSES = ("zspage",)

CHANGES = {"find_get_zspage": [("ZS_FULL - 1,", "ZS_FULL,")]}
