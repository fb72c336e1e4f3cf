"""Moves the handles to a frame without the content."""

LOSES = ("copy",)

CHANGES = {
    "zbud_migrate_page": [("    copy_highpage(mem.frames, new, old)", "")],
}
