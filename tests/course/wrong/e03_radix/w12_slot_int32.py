"""Takes keys to have 60 bits."""

LOSES = ("slot",)

CHANGES = {"slot_of": [("int(key) >>", "(int(key) & 0xFFFFFFFFFFFFFFF) >>")]}
