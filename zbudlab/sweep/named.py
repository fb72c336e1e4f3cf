"""Find experiments by name, name them, and check that a grid's parameters fit them."""

import difflib
import importlib
import inspect
import sys
import traceback
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import ModuleType

from zbudlab.sweep.neighbours import with_neighbours
from zbudlab.sweep.points import Experiment, SweepError, canonical

MESSAGE = 300  #: characters of the message of an error in a module


def experiment_named(name: str) -> Experiment:
    """Return the function that "module:function" names; SweepError if there is none.

    The module may fail in any way while it is imported; except for an interrupt by the user, that
    becomes a sentence.
    """
    module, _, function = name.partition(":")
    try:
        loaded = importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SweepError(
            f"no experiment {name!r}: importing {module!r} failed with "
            f"{type(error).__name__}: {_said(error)}{_place(error)}"
        ) from None
    found = getattr(loaded, function, None)
    if not callable(found):
        raise SweepError(
            f"no experiment {name!r}: {module} has no such function{_near(loaded, function)}"
        )
    return found


def _said(error: BaseException) -> str:
    """Return the message of any error as one line."""
    try:
        return " ".join(str(error).split())[:MESSAGE]
    except Exception:  # modules may raise errors of any class
        return "its message cannot be shown"


def _place(error: BaseException) -> str:
    """Return the file and line of an error in a module being imported, "" if it has none."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    if len(frames) < 2:  # the first one is this module's
        return ""
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"


def _near(module: ModuleType, function: str) -> str:
    names = [name for name, found in vars(module).items() if callable(found) and name[0] != "_"]
    close = difflib.get_close_matches(function, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def import_from(folder: Path, name: str) -> Experiment:
    """Return the experiment of a name, whose module may be in this folder, as it is on disk now.

    This holds for the modules that it imports from there, too: otherwise modules of the same name
    from elsewhere, or earlier versions of these, would be used silently.
    """
    folder = folder.resolve()
    file = folder / f"{name.partition(':')[0]}.py"
    if file.is_file():
        for found in with_neighbours(file):
            loaded = found.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            if loaded.partition(".")[0] != "zbudlab":  # a checkout, with the module next to it
                sys.modules.pop(loaded, None)
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    return experiment_named(name)


def name_of(experiment: Experiment) -> str:
    """Return "module:function", the same in every process, with a partial's arguments."""
    if isinstance(experiment, partial):
        given = canonical([list(experiment.args), experiment.keywords])
        return f"{name_of(experiment.func)} with {given}"
    owner = experiment if hasattr(experiment, "__qualname__") else type(experiment)
    return f"{owner.__module__}:{owner.__qualname__}"


def unwrapped(experiment: Experiment) -> Experiment:
    """Return the function inside nested partials."""
    while isinstance(experiment, partial):
        experiment = experiment.func
    return experiment


def check_arguments(experiment: Experiment, names: Iterable[str]) -> None:
    """Raise SweepError if the experiment cannot be called with parameters of these names."""
    if not callable(experiment):
        raise SweepError(f'an experiment is a function, or "module:function", not {experiment!r}')
    try:
        signature = inspect.signature(experiment)
    except (TypeError, ValueError):  # a function written in C may have none
        return
    try:
        signature.bind(**dict.fromkeys(names))
    except TypeError as error:
        called = getattr(experiment, "__name__", repr(experiment))
        raise SweepError(
            f"{called}{signature} cannot be called with the grid's parameters and a seed: {error}"
        ) from None
