"""The machine has 2048 frames, whatever it is asked for."""

LOSES = ("repeats", "runs")

CHANGES = {
    "experiment": [
        ("frames=frames,", "frames=2048,"),
        (
            "processes = [machine.create_process(32) for _ in range(frames // 16)]",
            "processes = [machine.create_process(32) for _ in range(2048 // 16)]",
        ),
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
