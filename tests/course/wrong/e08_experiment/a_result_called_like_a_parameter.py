"""The parameter is given back as a result of the same name."""

LOSES = ("runs",)

CHANGES = {
    "experiment": [
        (
            '        "blocks": available_blocks(machine, 5),',
            '        "percent": percent,',
        ),
    ],
}
