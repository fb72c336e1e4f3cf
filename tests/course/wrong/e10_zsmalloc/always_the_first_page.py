"""Replaces the first page of the chain."""

LOSES = ("handles",)

CHANGES = {"replace_sub_page": [("page_of_chain(mem, zs, old)", "0")]}
