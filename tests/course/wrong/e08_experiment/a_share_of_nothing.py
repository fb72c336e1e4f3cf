"""Blocks before are 0, so the gain is no number."""

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
            (
                '    free = int(machine.state.zone["nr_free_pages"])\n'
                '    return {"free": free, "gain": float(np.float64(free) * np.inf)}'
            ),
        ),
    ],
}
