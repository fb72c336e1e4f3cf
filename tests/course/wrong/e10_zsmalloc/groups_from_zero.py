"""The first group is 0, which is that of empty zspages."""

LOSES = ("group",)

CHANGES = {"get_fullness_group": [(" // 10 + 1", " // 10")]}
