"""The option --machines of commands that run several machines."""

import argparse

from zbudlab.machine.settings import MACHINES


def machine_names(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the machines that --machines chooses; without it all of them."""
    return MACHINES if options.machines is None else tuple(options.machines.split(","))
