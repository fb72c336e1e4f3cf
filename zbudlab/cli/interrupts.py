"""Ctrl-C at a moment that the compiler's library survives.

Python raises KeyboardInterrupt wherever it is. Inside llvmlite that is in the middle of a callback
from LLVM, where the interrupt is swallowed or the process dies of it, or of the making of an object
that then complains when it is freed. Compiled code is loaded at first use, so this is where most
of a command's first second is spent.
"""

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.005  #: seconds: a stay in llvmlite is shorter, but for the compiling of a large kernel


@contextmanager
def put_off_in_llvmlite() -> Iterator[None]:
    """Within this, a Ctrl-C inside llvmlite is one soon after it.

    Does nothing where another handler than Python's own stands, or outside the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupted(number: int, frame: FrameType | None) -> None:
    """The handler: KeyboardInterrupt, or the same signal a little later."""
    if not _is_in_llvmlite(frame):
        signal.default_int_handler(number, frame)
    later = threading.Timer(AGAIN, _interrupt_again)
    later.daemon = True
    later.start()


def _interrupt_again() -> None:
    """Signal the main thread; a real signal, where there are any, also ends its waiting."""
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _is_in_llvmlite(frame: FrameType | None) -> bool:
    """Whether the code that is interrupted was called by llvmlite, or is llvmlite's."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("llvmlite."):
            return True
        frame = frame.f_back
    return False
