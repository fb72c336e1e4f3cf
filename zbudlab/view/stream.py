"""The frame map's messages to the browser: what changed, as bytes, and never more than it takes.

A message `frame` has a sequence number and three buffers: numbers of the cells that changed
(uint32; none at all = all cells follow), their bytes (uint8, see layout.FRAME_*), and moves,
(uint32, pairs of cells: from, to). The browser answers each one it has painted. At most CREDITS
messages are on their way; what happens meanwhile is sent as one, so that a slow browser misses
states but never shows an old one.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

CREDITS = 4  #: messages on their way before the browser must have painted one
PATIENCE = 0.25  #: seconds after which one more goes out: a busy kernel hears no answers
BYTES_A_CHANGE = 5  #: a cell's number and its byte

Send = Callable[[dict[str, Any], list[Any]], None]
NO_MOVES = np.empty((0, 2), np.uint32)


def changes(shown: np.ndarray | None, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What takes the browser from one state to another: (numbers, bytes).

    No numbers and all bytes, where that is shorter.
    """
    nothing = np.empty(0, np.uint32)
    if shown is None or len(shown) != len(cells):
        return nothing, cells
    numbers = np.flatnonzero(shown != cells).astype(np.uint32)
    if BYTES_A_CHANGE * len(numbers) > len(cells):
        return nothing, cells
    return numbers, cells[numbers]


class Stream:
    """Sends states of a map; silent until `start`. `send` takes a message and its buffers.

    `describe` gives what else a message says of the newest state.
    """

    def __init__(self, send: Send, describe: Callable[[], dict[str, Any]]) -> None:
        self.send = send
        self.describe = describe
        self.open = False
        self.sent = 0  # sequence number of the last message
        self.painted_last = 0
        self._sent_at = 0.0
        self._newest = np.empty(0, np.uint8)
        self._shown: np.ndarray | None = None  # what the browser has after the last message
        self._moves = NO_MOVES
        self._lock = threading.RLock()  # answers may come in another thread

    def start(self) -> None:
        """A browser asks for everything: the next state is sent to it whole."""
        with self._lock:
            self.open = True
            self.painted_last = self.sent
            self.forget()

    def forget(self) -> None:
        """What the browser shows no longer counts."""
        self._shown = None

    def stop(self) -> None:
        """Nobody looks any more."""
        self.open = False

    def offer(self, cells: np.ndarray, moves: np.ndarray = NO_MOVES) -> None:
        """This is the state now; it is sent now, or when the browser is ready for it."""
        with self._lock:
            self._newest = cells
            self._moves = np.concatenate([self._moves, moves])[-len(cells) :]
            self._flush()

    def painted(self, number: int) -> None:
        """The browser has painted the message of that number."""
        with self._lock:
            self.painted_last = max(self.painted_last, min(number, self.sent))
            self._flush()

    def _may_send(self) -> bool:
        waiting = self.sent - self.painted_last >= CREDITS
        return not waiting or time.monotonic() - self._sent_at > PATIENCE

    def _flush(self) -> None:
        if not self.open or not self._may_send():
            return
        numbers, values = changes(self._shown, self._newest)
        if not len(values) and not len(self._moves):
            return
        self.sent += 1
        self._sent_at = time.monotonic()
        full = self._shown is None or (len(values) > 0 and not len(numbers))
        message = {"kind": "frame", "number": self.sent, "full": full}
        buffers = [numbers.tobytes(), values.tobytes(), self._moves.astype("<u4").tobytes()]
        self._shown, self._moves = self._newest, NO_MOVES
        self.send(message | self.describe(), buffers)
