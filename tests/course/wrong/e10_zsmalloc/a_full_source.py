"""Takes a full zspage as the source if there is no other."""

LOSES = ("choice",)

CHANGES = {"isolate_source": [("ZS_FULL)", "ZS_FULL + 1)")]}
