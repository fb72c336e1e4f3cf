"""Experiments for sweeps: functions of parameters and a seed that give results by name.

Each stands in a module of its own; a sweep's file names it "zbudlab.experiments.MODULE:FUNCTION",
or by its name alone where it stands here.
"""

from zbudlab.experiments.pressure import pressure
from zbudlab.experiments.thinned import thinned

__all__ = ["pressure", "thinned"]
