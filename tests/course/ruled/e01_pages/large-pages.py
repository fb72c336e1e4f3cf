"""Frames of 16384 bytes."""

LOSES = ("frame", "address")

CHANGES = {"address_pfn": [(">> 12", ">> 14")], "page_address": [("<< 12", "<< 14")]}
