"""Sweeps: run one experiment at every point of a grid and return a table.

>>> from zbudlab.sweep import sweep
>>> def free_after(frames, touched, seed):
...     machine = Machine(frames=frames, seed=seed)
...     machine.touch(machine.create_process(touched), range(touched))
...     return {"free": int(machine.state.zone["nr_free_pages"])}
>>> table = sweep(free_after, {"frames": [1024, 2048], "touched": [100, 500]}, seeds=range(3))

An experiment is a function of the parameters and `seed` that returns its results by name: numbers,
texts, or lists of them for what changes over time (`over_time` turns those into rows). The table
has a row for each point, in the order of the grid whatever ran it: parameters, seed, results,
`error`, `seconds`, and the version of zbudlab.

`executor` is any executor of `concurrent.futures`: None (this process), a process pool, loky's, or
Dask's `client.get_executor()`. The sweep cuts its points into chunks that take long enough to be
worth sending. With `out`, finished chunks are kept on disk, and `resume=True` runs only the rest.
"""

from zbudlab.sweep.description import Parameter, described
from zbudlab.sweep.design import Design
from zbudlab.sweep.points import SweepError
from zbudlab.sweep.run import sweep
from zbudlab.sweep.running import SweepInterrupted
from zbudlab.sweep.sweepfile import SweepFile
from zbudlab.sweep.table import over_time, read_table

__all__ = [
    "Design",
    "Parameter",
    "SweepError",
    "SweepFile",
    "SweepInterrupted",
    "described",
    "over_time",
    "read_table",
    "sweep",
]
