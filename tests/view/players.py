"""Players of what happens inside a compaction."""

from zbudlab.history import History
from zbudlab.view import Player


def at_the_first_move(machine):
    """Compact a machine, and return a player that has stopped at its first migration."""
    machine.compact()
    history = History(machine)
    return Player(history, stop=history.find("migration", 0))
