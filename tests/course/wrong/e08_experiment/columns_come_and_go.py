"""Only movable machines tell how much was moved: the columns differ."""

LOSES = ("runs",)

CHANGES = {
    "experiment": [
        ('    pool = int(machine.swap.counters()["pool_pages"])', ""),
        ("return {", "found = {"),
        (
            ('        "pool": pool,\n        "moved": machine.paging.events["pgmigrate_success"],'),
            "",
        ),
        (
            "    }",
            (
                "    }\n"
                "    if movable:\n"
                '        found["moved"] = machine.paging.events["pgmigrate_success"]\n'
                "    return found"
            ),
        ),
    ],
}
