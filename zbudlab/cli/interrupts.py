"""Handle Ctrl-C at a moment that the compiler's library survives.

Python raises KeyboardInterrupt wherever it is. Inside llvmlite that can be in a callback from LLVM,
which swallows the interrupt or kills the process, or in the middle of creating an object that then
complains when it is freed. Compiled code is loaded at first use, so most of a command's first
second is spent there.
"""

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.005  #: seconds: calls of llvmlite are shorter, except compiling a large kernel


@contextmanager
def put_off_in_llvmlite() -> Iterator[None]:
    """Return a context in which a Ctrl-C inside llvmlite takes effect shortly after it.

    It does nothing outside the main thread, or where a handler other than Python's is installed.
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
    """Handle the signal: raise KeyboardInterrupt, or send the signal again a little later."""
    if not _is_in_llvmlite(frame):
        signal.default_int_handler(number, frame)
    later = threading.Timer(AGAIN, _interrupt_again)
    later.daemon = True
    later.start()


def _interrupt_again() -> None:
    """Signal the main thread. A real signal, where there are any, also ends a blocking call."""
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _is_in_llvmlite(frame: FrameType | None) -> bool:
    """Return whether the interrupted code is in llvmlite, or was called by it."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("llvmlite."):
            return True
        frame = frame.f_back
    return False
