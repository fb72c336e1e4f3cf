"""Copies the fresh frame over the old one."""

LOSES = ("migrate",)

CHANGES = {
    "zs_page_migrate": [
        ("copy_highpage(mem.frames, new, old)", "copy_highpage(mem.frames, old, new)")
    ]
}
