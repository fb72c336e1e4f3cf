"""The errors of a machine. Each message says what was asked, what was found and what to do."""

import errno as numbers
import os


class ConfigError(ValueError):
    """A machine cannot be built with these settings, or data given to it does not match it."""


class MachineError(OSError):
    """A machine refused an operation.

    errno: the kernel's. sentence: the message without the errno's text.
    """

    def __init__(self, errno: int, sentence: str) -> None:
        super().__init__(errno, f"{sentence} ({os.strerror(errno)})")
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.args[1])


def invalid(sentence: str) -> MachineError:
    """Return the error for an argument outside its bounds: MachineError(EINVAL)."""
    return MachineError(numbers.EINVAL, sentence)


class Inconsistent(RuntimeError):
    """`Machine.check` found a broken invariant; the message says which one and where."""
