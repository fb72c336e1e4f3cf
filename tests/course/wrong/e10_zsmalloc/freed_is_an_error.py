"""Answers -EAGAIN for a zspage that was freed meanwhile."""

LOSES = ("migrate",)

CHANGES = {
    "zs_page_migrate": [
        ("        join_pool(mem, new, old)\n        return 0", "        return -EAGAIN")
    ]
}
