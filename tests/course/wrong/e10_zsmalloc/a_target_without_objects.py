"""Takes an empty zspage as the target."""

LOSES = ("choice",)

CHANGES = {"isolate_target": [("ZS_EMPTY, -1", "ZS_EMPTY - 1, -1")]}
