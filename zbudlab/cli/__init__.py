"""The command line `zbudlab`: one module per command, and `main`."""

from zbudlab.cli.command_line import main

__all__ = ["main"]
