"""Our engine beside C that does the same, and beside what else a user could take.

`items/` says what is measured, a file a mechanism; `drivers` has the timed loops of our side,
`reference/` C's; `measure` takes the times, `run` prints them.
"""
