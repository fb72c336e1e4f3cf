"""Counts the pages of isolated pageblocks as free."""

LOSES = ("give",)

CHANGES = {"free_one_page": [("if migratetype != MIGRATE_ISOLATE:", "if True:")]}
