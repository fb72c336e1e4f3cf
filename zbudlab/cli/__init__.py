"""The command line `zbudlab`: a module for each command, and `main`."""

from zbudlab.cli.command_line import main

__all__ = ["main"]
