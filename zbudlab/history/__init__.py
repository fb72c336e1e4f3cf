"""Logs run again: to the end (`replay`), or to any moment and back (`History`), and explained."""

from zbudlab.history.history import KINDS, History, rebuilt, replay, replayed

__all__ = ["KINDS", "History", "rebuilt", "replay", "replayed"]
