"""Answers -EAGAIN for a reader, as Linux 6.1."""

LOSES = ("migrate",)

CHANGES = {"zs_page_migrate": [("return -EBUSY", "return -EAGAIN")]}
