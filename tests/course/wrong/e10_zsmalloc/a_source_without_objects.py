"""Takes an empty zspage as the source."""

LOSES = ("choice",)

CHANGES = {"isolate_source": [("range(ZS_ALMOST_EMPTY,", "range(ZS_EMPTY,")]}
