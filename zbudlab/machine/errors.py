"""The errors of a machine. Each message says what was asked, what was found and what to do."""

import os


class ConfigError(ValueError):
    """A machine cannot be built with these settings."""


class MachineError(OSError):
    """A machine refused an operation; `errno` is the kernel's, `sentence` the message alone."""

    def __init__(self, errno: int, sentence: str) -> None:
        super().__init__(errno, f"{sentence} ({os.strerror(errno)})")
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.args[1])


class Inconsistent(RuntimeError):
    """`Machine.check` found a broken invariant; the message says which and where."""
