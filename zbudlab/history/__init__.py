"""Run logs again (`rerun`), go to any of their moments (`History`), and explain what happened."""

from zbudlab.history.history import KINDS, History
from zbudlab.history.rerun import rebuilt, rerun, rerun_to_end

__all__ = ["KINDS", "History", "rebuilt", "rerun", "rerun_to_end"]
