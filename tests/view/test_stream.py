"""What is sent to a frame map and when.

Also tests `view/updates.py`.
"""

import numpy as np
import pytest

from tests.view.listeners import Browser
from zbudlab.view.stream import CREDITS, Stream, changes


class TestStream:
    @pytest.fixture
    def browser(self):
        return Browser()

    @pytest.fixture
    def stream(self, browser):
        stream = Stream(browser.hear, lambda: {"note": len(browser.messages)})
        stream.start()
        return stream

    def states(self, count, changed=20):
        rng = np.random.default_rng(count)
        cells = np.zeros(1000, np.uint8)
        for _ in range(count):
            cells = cells.copy()
            cells[rng.integers(1000, size=changed)] = rng.integers(1, 256)
            yield cells

    def test_is_silent_until_somebody_listens(self, browser):
        stream = Stream(browser.hear, dict)
        stream.offer(np.zeros(10, np.uint8))
        assert browser.messages == []
        stream.start()
        stream.offer(np.zeros(10, np.uint8))
        assert browser.last("frame")[0]["full"]

    def test_a_browser_that_paints_sees_every_state(self, stream, browser):
        for number, cells in enumerate(self.states(20), 1):
            stream.offer(cells)
            assert (browser.cells == cells).all()
            assert browser.last("frame")[0]["note"] == number - 1
            stream.painted(number)

    def test_only_what_changed_is_sent(self, stream, browser):
        first, second = self.states(2)
        stream.offer(first)
        stream.offer(second)
        sizes = [[len(buffer) for buffer in buffers] for _, buffers in browser.messages]
        changed = int((first != second).sum())
        assert sizes == [[0, 1000, 0], [4 * changed, changed, 0]]

    def test_all_is_sent_where_that_is_shorter(self):
        cells = np.zeros(1000, np.uint8)
        numbers, values = changes(cells, cells + 1)
        assert (len(numbers), len(values)) == (0, 1000)

    def test_nothing_new_is_not_sent(self, stream, browser):
        cells = np.zeros(10, np.uint8)
        stream.offer(cells)
        stream.offer(cells.copy())
        assert len(browser.messages) == 1

    def test_a_slow_browser_gets_the_newest_state_and_no_more(self, stream, browser, monkeypatch):
        monkeypatch.setattr("zbudlab.view.stream.PATIENCE", 3600)
        for cells in self.states(50):
            stream.offer(cells)
        assert len(browser.messages) == CREDITS
        stream.painted(1)
        assert len(browser.messages) == CREDITS + 1
        assert (browser.cells == cells).all()
        stream.painted(CREDITS + 1)
        assert len(browser.messages) == CREDITS + 1

    def test_a_kernel_that_hears_no_answers_sends_now_and_then(self, stream, browser, monkeypatch):
        monkeypatch.setattr("zbudlab.view.stream.PATIENCE", 0)
        for cells in self.states(3 * CREDITS):
            stream.offer(cells)
        assert len(browser.messages) == 3 * CREDITS

    def test_moves_wait_with_their_state(self, stream, browser, monkeypatch):
        monkeypatch.setattr("zbudlab.view.stream.PATIENCE", 3600)
        for number, cells in enumerate(self.states(CREDITS + 3)):
            stream.offer(cells, np.array([[number, number + 1]], np.uint32))
        stream.painted(1)
        moves = np.frombuffer(browser.messages[-1][1][2], "<u4").reshape(-1, 2)
        assert moves.tolist() == [[n, n + 1] for n in range(CREDITS, CREDITS + 3)]

    def test_a_browser_that_comes_back_gets_everything(self, stream, browser):
        for cells in self.states(3):
            stream.offer(cells)
        stream.stop()
        stream.offer(cells + 1)
        assert len(browser.messages) == 3
        stream.start()
        stream.offer(cells + 1)
        assert browser.last("frame")[0]["full"]
        assert (browser.cells == cells + 1).all()
