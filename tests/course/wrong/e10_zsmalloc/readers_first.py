"""Asks for readers before references."""

LOSES = ("migrate",)

CHANGES = {
    "zs_page_migrate": [
        (
            (
                "    if page_count(page) != 2:\n"
                "        return -EAGAIN\n"
                "    if mem.zspages[zs].readers:\n"
                "        return -EBUSY\n"
            ),
            (
                "    if mem.zspages[zs].readers:\n"
                "        return -EBUSY\n"
                "    if page_count(page) != 2:\n"
                "        return -EAGAIN\n"
            ),
        )
    ]
}
