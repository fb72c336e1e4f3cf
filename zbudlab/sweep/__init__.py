"""Sweeps: one experiment at every point of a grid, as a table.

>>> from zbudlab.sweep import sweep
>>> def free_after(frames, touched, seed):
...     machine = Machine(frames=frames, seed=seed)
...     machine.touch(machine.create_process(touched), range(touched))
...     return {"free": int(machine.state.zone["nr_free_pages"])}
>>> table = sweep(free_after, {"frames": [1024, 2048], "touched": [100, 500]}, seeds=range(3))

An experiment is a function of the parameters and `seed` that gives its results by name: numbers,
texts, or lists of them for what changes over time (`over_time` makes rows of those). The table has
a row for each point, in the order of the grid, whoever ran it: parameters, seed, results, `error`,
`seconds`, and the version of zbudlab.

`executor` is any of `concurrent.futures`: none (in this process), a process pool, loky's, Dask's
`client.get_executor()`. The sweep cuts its points into chunks that take long enough to be worth
sending. With `out`, what is finished stands on disk, and `resume=True` does only the rest.
"""

from zbudlab.sweep.points import Plan, SweepError
from zbudlab.sweep.run import SweepInterrupted, sweep
from zbudlab.sweep.sweepfile import SweepFile
from zbudlab.sweep.table import over_time, read_table

__all__ = [
    "Plan",
    "SweepError",
    "SweepFile",
    "SweepInterrupted",
    "over_time",
    "read_table",
    "sweep",
]
