"""Every machine has the same fate, whatever its seed."""

LOSES = ("repeats",)

CHANGES = {
    "experiment": [
        ("random = np.random.default_rng(seed)", "random = np.random.default_rng(42)"),
        ('    pool = int(machine.swap.counters()["pool_pages"])', ""),
        (
            '        "free": int(machine.state.zone["nr_free_pages"]),',
            (
                '        "moved": machine.paging.events["pgmigrate_success"],\n'
                '        "free": int(machine.state.zone["nr_free_pages"]),'
            ),
        ),
        (
            ('        "pool": pool,\n        "moved": machine.paging.events["pgmigrate_success"],'),
            "",
        ),
    ],
}
