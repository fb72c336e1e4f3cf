"""Only movable machines tell how much was moved: the columns differ."""

LOSES = ("runs",)

CHANGES = {
    "experiment": [
        ("return {", "found = {"),
        (
            '        "moved": machine.paging.events["pgmigrate_success"],\n',
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
