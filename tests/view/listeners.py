"""What hears a frame map in tests, and the machine that is shown."""

import numpy as np

from zbudlab.machine import Machine

FRAMES = 4096


class Browser:
    """What a browser makes of the messages: the cells as it would show them."""

    def __init__(self):
        self.messages = []
        self.cells = None

    def hear(self, message, buffers=()):
        self.messages.append((message, list(buffers)))
        if message["kind"] == "frame":
            numbers = np.frombuffer(buffers[0], "<u4")
            codes = np.frombuffer(buffers[1], np.uint8)
            if message["full"]:
                self.cells = codes.copy()
            else:
                self.cells[numbers] = codes

    def kinds(self):
        return [message["kind"] for message, _ in self.messages]

    def last(self, kind):
        return next(pair for pair in reversed(self.messages) if pair[0]["kind"] == kind)


def machine_under_pressure(**settings):
    machine = Machine(frames=FRAMES, max_pool_percent=40, cma_pages=1024, **settings)
    process = machine.create_process(5500)
    machine.touch(process, range(5500), write=True)
    return machine, process


def listening(view):
    """A browser that has asked for everything."""
    browser = Browser()
    view.send = view._stream.send = browser.hear
    view._answer(view, {"kind": "hello"}, [])
    return browser
