"""Keep all views of a machine up to date.

A view has a method `update()` that reads its machine and shows the changes. Views are held by weak
references. In a notebook, all views are updated after each cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

if TYPE_CHECKING:
    from zbudlab.machine import Machine


class View(Protocol):
    """An object that can follow a machine."""

    def update(self) -> None:
        """Show the machine's current state."""


_views: WeakKeyDictionary[Machine, WeakSet[Any]] = WeakKeyDictionary()
_hooked: WeakSet[Any] = WeakSet()
_paused = False


def follow(machine: Machine, view: View) -> None:
    """Register a view, to be updated by `refresh(machine)` and after each notebook cell."""
    _views.setdefault(machine, WeakSet()).add(view)
    _hook()


def unfollow(machine: Machine, view: View) -> None:
    """Unregister a view that no longer shows the machine."""
    _views.get(machine, WeakSet()).discard(view)


def views(machine: Machine) -> list[View]:
    """Return the views that follow the machine."""
    return list(_views.get(machine, ()))


def refresh(machine: Machine, *, by: View | None = None) -> None:
    """Update every view of the machine except `by`, the view that made the change."""
    for view in views(machine):
        if view is not by:
            view.update()


def refresh_all(*_: object) -> None:
    """Update every view of every machine."""
    if not _paused:
        for machine in list(_views):
            refresh(machine)


@contextmanager
def paused() -> Iterator[None]:
    """Suspend the updates after notebook cells within a `with` block."""
    global _paused
    before, _paused = _paused, True
    try:
        yield
    finally:
        _paused = before


def _hook() -> None:
    """Register `refresh_all` to run after each cell, if IPython is running."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell not in _hooked:
        shell.events.register("post_run_cell", refresh_all)
        _hooked.add(shell)
