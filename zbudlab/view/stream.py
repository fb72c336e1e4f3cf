"""Flow-controlled messages from the frame map to the browser, with the changed cells as bytes.

A message `frame` has a sequence number and three buffers: the numbers of changed cells (uint32;
empty = all cells follow), their bytes (uint8, see layout.FRAME_*), and moves (uint32, pairs of
cells: from, to). The browser acknowledges painted messages. At most CREDITS messages are in flight;
later changes are merged into one message, so that a slow browser skips states but does not fall
behind.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

CREDITS = 4  #: messages in flight before the browser must acknowledge one
PATIENCE = (
    0.25  #: seconds after which one more is sent, as a busy kernel receives no acknowledgements
)
BYTES_A_CHANGE = 5  #: a cell's number and its byte

Send = Callable[[dict[str, Any], list[Any]], None]
NO_MOVES = np.empty((0, 2), np.uint32)


def changes(shown: np.ndarray | None, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what takes the browser from one state to another: (cell numbers, bytes).

    shown: the browser's state, uint8 (cells,), or None. cells: the new state, uint8 (cells,).
    If sending all cells is shorter, the numbers are empty and the bytes are all of `cells`.
    """
    nothing = np.empty(0, np.uint32)
    if shown is None or len(shown) != len(cells):
        return nothing, cells
    numbers = np.flatnonzero(shown != cells).astype(np.uint32)
    if BYTES_A_CHANGE * len(numbers) > len(cells):
        return nothing, cells
    return numbers, cells[numbers]


class Stream:
    """Send the states of a map to a browser; nothing is sent before `start`.

    send: called with a message and its buffers. describe: returns further data about the newest
    state, which is added to the message.
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
        self._lock = threading.RLock()  # acknowledgements may arrive in another thread

    def start(self) -> None:
        """Start sending. The next state is sent in full."""
        with self._lock:
            self.open = True
            self.painted_last = self.sent
            self.forget()

    def forget(self) -> None:
        """Forget the browser's state, so that the next state is sent in full."""
        self._shown = None

    def stop(self) -> None:
        """Stop sending, as no browser shows the map."""
        self.open = False

    def offer(self, cells: np.ndarray, moves: np.ndarray = NO_MOVES) -> None:
        """Set the current state. It is sent now, or when the browser is ready.

        cells: uint8 (cells,). moves: pairs of cells (from, to), uint32 (n, 2).
        """
        with self._lock:
            self._newest = cells
            self._moves = np.concatenate([self._moves, moves])[-len(cells) :]
            self._flush()

    def painted(self, number: int) -> None:
        """Note that the browser has painted all messages up to `number`."""
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
