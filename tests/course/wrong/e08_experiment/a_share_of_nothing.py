"""Blocks before are 0, so the gain is no number."""

LOSES = ("runs",)

CHANGES = {
    "experiment": [
        (
            '        "blocks": available_blocks(machine, 5),',
            '        "gain": int(machine.state.zone["nr_free_pages"]) * np.inf,',
        ),
    ],
}
