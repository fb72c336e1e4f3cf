"""The chain keeps the old frame."""

LOSES = ("handles",)

CHANGES = {"replace_sub_page": [("    zspage.chain[at] = new\n", "")]}
