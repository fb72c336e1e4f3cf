"""Experiments for sweeps: functions of parameters and a seed that return results by name.

Each has its module. A sweep file names it "zbudlab.experiments.MODULE:FUNCTION", or by its name
alone. `zbudlab experiments` lists their parameters and results. The questions they were written
for, with answers, are in the folder `findings/` of the repository.
"""

from zbudlab.experiments.cma import cma
from zbudlab.experiments.density import density
from zbudlab.experiments.listing import listed
from zbudlab.experiments.patch import patch
from zbudlab.experiments.pool import pool
from zbudlab.experiments.pressure import pressure
from zbudlab.experiments.thinned import thinned

__all__ = ["cma", "density", "listed", "patch", "pool", "pressure", "thinned"]
