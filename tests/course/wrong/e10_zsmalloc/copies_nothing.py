"""The bytes stay in the old frame."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("    copy_highpage(mem.frames, new, old)\n", "")]}
