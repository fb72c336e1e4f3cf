"""The frame map's Python half: where cells lie, what is sent and when, what stays in step.

Also tests `view/arrangement.py`, `view/bundle.py`, `view/updates.py`, `view/palette.py`,
`view/still.py` and `view/stream.py`.
"""

import gc
from itertools import pairwise

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells
from zbudlab.view import FrameMap, bundle, palette, still, updates
from zbudlab.view.arrangement import CURVES, MAX_CELLS, arrange, frames_per_cell
from zbudlab.view.look import tokens
from zbudlab.view.stream import CREDITS, Stream, changes

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


@pytest.fixture
def machine():
    return machine_under_pressure()[0]


def listening(view):
    """A browser that has asked for everything."""
    browser = Browser()
    view.send = view._stream.send = browser.hear
    view._answer(view, {"kind": "hello"}, [])
    return browser


class TestArrangement:
    def test_hilbert_goes_from_neighbour_to_neighbour(self):
        for count in (1, 2, 64, 1000, 4096):
            column, row = CURVES["hilbert"](count)
            steps = np.abs(np.diff(column)) + np.abs(np.diff(row))
            assert len(set(zip(column, row, strict=True))) == count
            assert (steps == 1).all()

    @pytest.mark.parametrize("order", [2, 4, 6])
    def test_aligned_blocks_are_squares(self, order):
        column, row = CURVES["hilbert"](4096)
        side = 1 << order // 2
        for start in range(0, 4096, 1 << order):
            block = slice(start, start + (1 << order))
            assert np.ptp(column[block]) + 1 == np.ptp(row[block]) + 1 == side

    @pytest.mark.parametrize("frames", [64, 100, 4096, 92160, 1 << 17])
    @pytest.mark.parametrize("name", CURVES)
    def test_every_cell_has_a_place_of_its_own(self, frames, name):
        grid = arrange(frames, name)
        cells = np.arange(frames) % 251
        picture = grid.picture(cells, -1)
        assert picture.shape == (grid.rows, grid.columns)
        assert grid.columns >= grid.rows
        assert (picture >= 0).sum() == frames
        assert (picture.ravel()[grid.places] == cells).all()

    def test_linear_reads_like_text(self):
        picture = arrange(100, "linear").picture(np.arange(100), -1)
        assert picture[0].tolist() == list(range(16))
        assert picture[6].tolist() == [96, 97, 98, 99] + [-1] * 12

    def test_another_name_is_refused(self):
        with pytest.raises(ValueError, match="one of blocks, hilbert, linear, not 'spiral'"):
            arrange(64, "spiral")

    def test_a_machine_too_large_gets_cells_of_several_frames(self):
        assert frames_per_cell(MAX_CELLS) == 1
        assert frames_per_cell(MAX_CELLS + 1) == 2
        assert frames_per_cell(4 * MAX_CELLS) == 4


class TestJoined:
    def test_the_frame_that_is_hardest_to_move_decides(self):
        order_9 = 9 << layout.FRAME_ORDER_SHIFT
        frames = [
            (order_9, order_9, order_9),
            (layout.FRAME_FREE, layout.FRAME_ANON, layout.FRAME_ANON),
            (layout.FRAME_ANON, layout.FRAME_POOL_FULL, layout.FRAME_POOL_FULL),
            (layout.FRAME_KERNEL, layout.FRAME_POOL_PART, layout.FRAME_KERNEL),
            (layout.FRAME_ANON | layout.FRAME_PINNED, layout.FRAME_POOL_FULL, None),
        ]
        cells = np.array([pair for *two, _ in frames for pair in two], np.uint8)
        wanted = [frame[2] if frame[2] is not None else frame[0] for frame in frames]
        assert palette.joined(cells, 2).tolist() == wanted

    def test_the_last_cell_may_have_fewer(self):
        assert len(palette.joined(np.zeros(9, np.uint8), 4)) == 3


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


class TestFrameMap:
    def test_a_browser_shows_what_the_machine_holds(self):
        machine, process = machine_under_pressure()
        view = FrameMap(machine)
        browser = listening(view)
        assert browser.kinds() == ["grid", "frame"]
        assert (browser.cells == frame_cells(machine.state)).all()
        machine.exit(process)
        view.update()
        assert (browser.cells == frame_cells(machine.state)).all()
        assert view.summary == browser.last("frame")[0]["summary"]
        assert browser.last("frame")[0]["counts"][0] == (browser.cells & 7 == 0).sum() > 2000

    def test_says_where_blocks_and_the_cma_area_are(self, machine):
        grid, (places,) = listening(FrameMap(machine, layout="linear")).last("grid")
        assert (grid["columns"], grid["rows"], grid["layout"]) == (64, 64, "linear")
        assert (grid["block"], grid["cma"]) == (512, [3072, 4096])
        assert np.frombuffer(places, "<u4").tolist() == list(range(4096))

    def test_pages_that_compaction_moved_are_told_once(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        machine.reclaim(1000)
        assert machine.compact() != "skipped"
        view.update()
        told = np.frombuffer(browser.last("frame")[1][2], "<u4").reshape(-1, 2)
        moved = machine.moves[: int(machine.control[0]["nr_moves"])]
        assert (moved["new"] < 0).any()
        moved = moved[moved["new"] >= 0]
        assert told.tolist() == np.stack([moved["old"], moved["new"]], 1).tolist()
        sent = len(browser.messages)
        view.update()
        assert len(browser.messages) == sent

    def test_moves_can_be_given(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.update(moves=[(1, 2), (3, 4)])
        told = np.frombuffer(browser.last("frame")[1][2], "<u4")
        assert told.tolist() == [1, 2, 3, 4]

    def test_a_frame_that_another_machine_does_not_have_is_let_go(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.select(3000)
        view.machine = Machine(frames=1024)
        assert browser.last("details")[0]["frame"] is None
        view.select(1000)
        view.machine.alloc_pages(0)
        view.update()
        assert browser.last("details")[0]["frame"] == 1000

    def test_another_machine_may_have_another_cma_area(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.machine = Machine(frames=FRAMES)
        assert browser.last("grid")[0]["cma"] == [FRAMES, FRAMES]  # none
        assert len(browser.cells) == FRAMES

    def test_what_is_marked_is_told_in_words_too(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.mark([7, 9], "lost")
        assert browser.last("mark")[0]["summary"] == view.summary
        assert view.summary.endswith("2 marked lost: 7, 9.")

    def test_another_machine_may_be_of_another_size(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.machine = Machine(frames=1024)
        assert browser.last("grid")[0]["frames"] == len(browser.cells) == 1024
        assert updates.views(machine) == []
        view.machine.alloc_pages(3)
        updates.refresh(view.machine)
        assert (browser.cells == frame_cells(view.machine.state)).all()

    def test_details_stay_in_step(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.select(7)
        assert browser.last("details")[0]["told"]["title"].startswith("pfn 7: ")
        for process in range(len(machine.state.processes)):
            if machine.state.processes[process]["nr_pages"]:
                machine.exit(process)
        view.update()
        assert "pfn 7: free" in browser.last("details")[0]["told"]["title"]
        view.select(None)
        assert browser.last("details")[0] == {"kind": "details", "frame": None, "told": None}

    def test_answers_the_browser(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        zbud = np.flatnonzero(frame_cells(machine.state) & 7 == layout.FRAME_POOL_FULL)[:3]
        view._answer(view, {"kind": "chunks", "frames": zbud.tolist()}, [])
        parts = np.frombuffer(browser.last("chunks")[1][0], np.uint8).reshape(-1, 64)
        kinds = (layout.PART_FIRST, layout.PART_LAST)
        sizes = np.stack([(parts == kind).sum(axis=1) for kind in kinds], 1)
        headers = machine.state.rows[zbud << 6]
        wanted = np.stack([headers["first_chunks"], headers["last_chunks"]], 1)
        assert sizes.tolist() == wanted.tolist()
        assert sizes.min() > 0
        view._answer(view, {"kind": "hover", "frame": int(zbud[0])}, [])
        assert browser.last("words")[0]["words"].startswith(f"pfn {zbud[0]}: zbud, ")
        view._answer(view, {"kind": "hello", "layout": "linear"}, [])
        assert browser.last("grid")[0]["layout"] == "linear"
        assert browser.kinds()[-1] == "frame"
        view._answer(view, {"kind": "bye"}, [])
        sent = len(browser.messages)
        machine.reclaim(200)
        view.update()
        assert len(browser.messages) == sent

    @pytest.mark.parametrize(
        ("asked", "sentence"),
        [
            (lambda view: view.select(4096), "no page frame 4096, only 0 to 4095"),
            (lambda view: view.mark([1, -3], "lost"), "no page frame -3, only 0 to 4095"),
            (lambda view: view.mark([1], "green"), "kind must be one of free, .*, not 'green'"),
            (lambda view: FrameMap(view.machine, size=3), "size must be 64 to 4096 pixels, not 3"),
            (lambda view: FrameMap(view.machine, layout="x"), "layout must be .*, not 'x'"),
        ],
    )
    def test_refuses_what_cannot_be(self, machine, asked, sentence):
        with pytest.raises(ValueError, match=sentence):
            asked(FrameMap(machine))

    def test_marks_frames(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.mark({5, 3}, "lost")
        message, (cells,) = browser.last("mark")
        assert palette.KINDS[message["with"]].name == "lost"
        assert np.frombuffer(cells, "<u4").tolist() == [3, 5]

    def test_marks_outlast_the_end_of_the_cell_until_something_changes(self, machine):
        view = FrameMap(machine)
        view.mark([3], "lost")  # before any browser asks
        browser = listening(view)
        assert browser.kinds()[-1] == "mark"
        assert view.summary.endswith("1 marked lost: 3.")
        updates.refresh(machine)
        assert browser.kinds()[-1] == "mark"
        machine.touch(machine.create_process(8), range(8))
        updates.refresh(machine)
        assert browser.kinds()[-1] == "frame"
        assert "marked" not in view.summary

    def test_the_still_picture_shows_marks(self, machine):
        cells = frame_cells(machine.state)
        drawn = still.figure(cells, "hilbert", "nothing", marked=[3, 4], kind="lost")
        assert "lost: 2" in [text.get_text() for text in drawn.legends[0].get_texts()]

    def test_a_machine_too_large_is_shown_reduced_and_says_so(self, monkeypatch, machine):
        monkeypatch.setattr("zbudlab.view.arrangement.MAX_CELLS", 1024)
        view = FrameMap(machine)
        browser = listening(view)
        grid = browser.last("grid")[0]
        assert (grid["together"], grid["block"], len(browser.cells)) == (4, 128, 1024)
        assert "each cell covers 4 frames" in grid["notice"]
        kinds = (frame_cells(machine.state) & 7).reshape(-1, 4)
        kernel = (kinds == layout.FRAME_KERNEL).any(axis=1)
        assert ((browser.cells & 7 == layout.FRAME_KERNEL) == kernel).all()
        assert sum(browser.last("frame")[0]["counts"]) == FRAMES
        view._answer(view, {"kind": "hover", "frame": 8}, [])
        assert browser.last("words")[0]["words"].startswith("pfns 8 to 11: ")
        view.update(moves=[(4095, 3)])
        assert np.frombuffer(browser.last("frame")[1][2], "<u4").tolist() == [1023, 0]

    def test_leaves_a_picture_and_words(self, machine):
        view = FrameMap(machine)
        data, metadata = view._repr_mimebundle_()
        assert data["text/plain"].startswith("4096 page frames: ")
        assert data["text/plain"].endswith(bundle.HINT)
        assert data["image/png"].startswith("iVBOR")
        assert data["image/png"] in data["text/html"]
        assert f'alt="{view.summary}' in data["text/html"]
        assert data[bundle.WIDGET_VIEW]["model_id"] == view.model_id
        assert data[bundle.WIDGET_VIEW][bundle.MARK] is True
        assert metadata["image/png"]["alt"] == view.summary

    def test_the_picture_of_a_large_machine_is_reduced_and_counts_all(self, monkeypatch, machine):
        monkeypatch.setattr("zbudlab.view.still.MOST_CELLS", 500)
        cells = frame_cells(machine.state)
        drawn = still.figure(cells, "hilbert", "nothing")
        assert np.asarray(drawn.axes[0].images[0].get_array()).shape == (16, 16, 3)
        words = [text.get_text() for text in drawn.legends[0].texts]
        assert sum(int(text.rpartition(" ")[2]) for text in words) == FRAMES


class TestFollowing:
    def test_two_views_stay_in_step(self, machine):
        browsers = [listening(FrameMap(machine, layout=name)) for name in CURVES]
        gc.disable()
        try:
            views = updates.views(machine)
            machine.reclaim(200)
            updates.refresh(machine)
        finally:
            gc.enable()
        assert len(views) == len(CURVES)
        for browser in browsers:
            assert (browser.cells == frame_cells(machine.state)).all()

    def test_all_views_are_refreshed_after_a_cell(self, machine):
        class Shown:
            updates = 0

            def update(self):
                self.updates += 1

        shown = Shown()
        updates.follow(machine, shown)
        updates.refresh_all("what IPython gives")
        with updates.paused():
            updates.refresh_all()
        updates.unfollow(machine, shown)
        updates.refresh_all()
        assert shown.updates == 1

    def test_a_notebook_refreshes_once_a_cell(self):
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()
        code = (
            "from zbudlab.view import updates\n"
            "from types import SimpleNamespace\n"
            "machine, told = SimpleNamespace, []\n"
            "class View:\n"
            "    def update(self): told.append(1)\n"
            "view = View()\n"
            "updates.follow(machine, view); updates.follow(machine, view)\n"
        )
        shell.run_cell(code)
        before = len(shell.user_ns["told"])
        shell.run_cell("1 + 1")
        assert (before, len(shell.user_ns["told"])) == (1, 2)
        shell.user_ns.clear()
        InteractiveShell.clear_instance()

    def test_a_view_that_nobody_holds_is_forgotten(self, machine):
        class Shown:
            def update(self): ...

        updates.follow(machine, Shown())
        gc.collect()
        assert updates.views(machine) == []


def linear_rgb(colours):
    """Linear light of #rrggbb colours, (n, 3)."""
    values = np.array([palette.rgb(colour) for colour in colours]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


#: What of red, green and blue light people see who lack a kind of cone (Machado et al., 2009).
SIGHT = {
    "trichromat": np.eye(3),
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(colours):
    """CIE L*a*b* of linear rgb, for a daylight white."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = colours @ to_xyz.T / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


class TestPalette:
    @pytest.mark.parametrize("theme", palette.THEMES)
    @pytest.mark.parametrize("sight", SIGHT)
    def test_kinds_that_only_colour_tells_are_told_apart_by_everybody(self, theme, sight):
        """A difference of 2.3 is just noticed side by side; we ask for several times that."""
        told = [kind for kind in palette.KINDS if kind.name in palette.COLOUR_TELLS]
        light = linear_rgb([kind.colour(theme) for kind in told])
        seen = lab(np.clip(light @ np.array(SIGHT[sight]).T, 0, 1))
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
        apart[np.diag_indices(len(apart))] = np.inf
        one, other = np.unravel_index(apart.argmin(), apart.shape)
        assert apart.min() > 20, (told[one].name, told[other].name, apart.min())

    def test_every_other_kind_has_a_shape(self):
        others = {kind.name for kind in palette.KINDS} - set(palette.COLOUR_TELLS)
        assert all(tokens.COLOURS[name].shape for name in others)

    @pytest.mark.parametrize(("theme", "page"), [("light", "#ffffff"), ("dark", "#111418")])
    def test_used_frames_stand_out_from_free_ones(self, theme, page):
        by_name = {kind.name: kind.colour(theme) for kind in palette.KINDS}
        used = [by_name[name] for name in ("zbud1", "zbud2", "kernel", "pinned", "isolated")]
        light = linear_rgb([by_name["free"], page, *used]) @ [0.2126, 0.7152, 0.0722]
        for ground in light[:2]:
            ratios = [(max(one, ground) + 0.05) / (min(one, ground) + 0.05) for one in light[2:]]
            assert min(ratios) > 3

    @pytest.mark.parametrize("theme", palette.THEMES)
    @pytest.mark.parametrize("kind", [layout.FRAME_FREE, layout.FRAME_FREE_CMA])
    def test_larger_free_blocks_are_nearer_to_the_colour_of_free(self, theme, kind):
        table = palette.cell_colours(theme).astype(int)
        shades = [table[kind | order << 4].sum() for order in range(layout.MAX_ORDER)]
        free, cma = (palette.rgb(tokens.colour(name, theme)) for name in ("free", "cma"))
        share = palette.CMA_SHARE * (kind == layout.FRAME_FREE_CMA)
        wanted = (free * (1 - share) + cma * share).round().astype(int).sum()
        assert shades[palette.LARGE :] == [wanted] * (layout.MAX_ORDER - palette.LARGE)
        distances = [abs(shade - wanted) for shade in shades[: palette.LARGE + 1]]
        assert all(near > far for near, far in pairwise(distances))

    def test_every_frame_is_counted_once(self, machine):
        counts = palette.counts(frame_cells(machine.state))
        assert counts.sum() == FRAMES
        assert palette.in_words(counts).count(";") == (counts > 0).sum() - 1

    def test_isolated_and_pinned_come_before_the_kind(self):
        anon = layout.FRAME_ANON
        cells = [anon, anon | layout.FRAME_PINNED, anon | layout.FRAME_ISOLATED, 1 << 4]
        names = [palette.KINDS[n].name for n in palette.kind_numbers(np.array(cells, np.uint8))]
        assert names == ["process", "pinned", "isolated", "free"]
