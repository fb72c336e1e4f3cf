"""The parameter is given back as a result of the same name."""

LOSES = ("runs",)

CHANGES = {
    "experiment": [
        (
            '        "blocks": blocks_to_be_had(machine, 5),',
            '        "percent": percent,',
        ),
    ],
}
