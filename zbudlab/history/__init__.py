"""Run logs again (`rerun`, or `replay` in compiled calls), go to any of their moments (`History`).

Explanations say what happened in each step.
"""

from zbudlab.history.history import KINDS, History
from zbudlab.history.replay import replay
from zbudlab.history.rerun import rebuilt, rerun, rerun_to_end

__all__ = ["KINDS", "History", "rebuilt", "replay", "rerun", "rerun_to_end"]
