"""The parameter is given back as a result of the same name."""

LOSES = ("runs",)

CHANGES = {
    "experiment": [
        ('    pool = int(machine.swap.counters()["pool_pages"])', ""),
        (
            (
                "    return {\n"
                '        "blocks": blocks_to_be_had(machine, 5),\n'
                '        "free": int(machine.state.zone["nr_free_pages"]),\n'
                '        "pool": pool,\n'
                '        "moved": machine.paging.events["pgmigrate_success"],\n'
                "    }"
            ),
            '    return {"percent": percent, "free": int(machine.state.zone["nr_free_pages"])}',
        ),
    ],
}
