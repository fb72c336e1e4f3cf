"""Pictures show what the arrays hold: sizes, colours, legend."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mainjob.job import Outcome
from zbudlab.view import maps

KINDS = np.arange(len(layout.FRAME_KINDS))


def cells(ax):
    """Colours of the cells of a map as they are painted, (rows, columns, rgb) of 0 to 255.

    Read back from the rendered picture, at the middle of each cell.
    """
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    painted = np.asarray(canvas.buffer_rgba())[..., :3]
    rows, columns = ax.images[0].get_array().shape
    middles = [(column, row) for row in range(rows) for column in range(columns)]
    x, y = ax.transData.transform(middles).T
    picked = painted[len(painted) - 1 - y.astype(int), x.astype(int)]
    return picked.reshape(rows, columns, 3)


def palette():
    return (to_rgba_array(maps.COLOURS)[:, :3] * 255).round().astype(np.uint8)


def drawn(kinds, order):
    figure = Figure(figsize=(8, 8))
    return cells(maps.memory_map(kinds, pageblock_order=order, ax=figure.add_subplot()))


def frames_of(picture, count):
    """How many cells are painted in the colour of each kind, beside the white of no frame."""
    return [(picture == colour).all(axis=2).sum() for colour in palette()[:count]]


class TestMap:
    def test_paints_each_frame_once_in_the_colour_of_its_kind(self):
        kinds = np.repeat(KINDS, [100, 30, 50, 40, 20, 16]).astype(np.uint8)
        assert frames_of(drawn(kinds, 5), 6) == [100, 30, 50, 40, 20, 16]

    def test_paints_frames_from_the_top_left_pageblock_by_pageblock(self):
        kinds = np.full(4 * 16, layout.FRAME_FREE, np.uint8)
        kinds[0], kinds[1] = layout.FRAME_KERNEL, layout.FRAME_ANON
        kinds[4], kinds[16] = layout.FRAME_POOL_PART, layout.FRAME_POOL_FULL
        picture = drawn(kinds, 4)

        def place(kind):
            found = np.argwhere((picture == palette()[kind]).all(axis=2))
            assert len(found) == 1
            return found[0]

        first = place(layout.FRAME_KERNEL)
        assert (place(layout.FRAME_ANON) - first).tolist() == [0, 1]
        assert (place(layout.FRAME_POOL_PART) - first).tolist() == [1, 0]
        across, down = place(layout.FRAME_POOL_FULL)[::-1] - first[::-1]
        assert (across > 4, down) == (True, 0)

    @pytest.mark.parametrize(("frames", "order"), [(64, 9), (1000, 9), (1537, 4), (4096, 9)])
    def test_has_room_for_any_number_of_frames(self, frames, order):
        ax = maps.memory_map(np.full(frames, layout.FRAME_ANON, np.uint8), pageblock_order=order)
        assert (np.asarray(ax.images[0].get_array()) == layout.FRAME_ANON + 1).sum() == frames


class TestComparison:
    @pytest.fixture
    def figure(self):
        rng = np.random.default_rng(5)
        outcomes = [
            Outcome(
                name,
                blocks_before=3,
                blocks_after=7 + i,
                blocks_ideal=12,
                map_before=rng.integers(6, size=2048).astype(np.uint8),
                map_after=rng.integers(6, size=2048).astype(np.uint8),
            )
            for i, name in enumerate(("one", "two", "three"))
        ]
        return maps.compare(outcomes), outcomes

    def test_shows_each_machine_before_and_after(self, figure):
        figure, outcomes = figure
        for i, outcome in enumerate(outcomes):
            column = [ax for ax in figure.axes if outcome.variant in ax.get_title(loc="left")]
            assert len(column) == 2
            assert str(outcome.blocks_before) in column[0].get_title(loc="left")
            assert str(7 + i) in column[1].get_title(loc="left")
            for ax, kinds in zip(column, (outcome.map_before, outcome.map_after), strict=True):
                painted = frames_of(cells(ax), 6)
                assert painted == np.bincount(kinds, minlength=6).tolist()

    def test_its_legend_names_every_kind_in_its_colour(self, figure):
        (legend,) = figure[0].legends
        named = dict(zip([t.get_text() for t in legend.texts], legend.legend_handles, strict=True))
        for name, colour in zip(layout.FRAME_KINDS, to_rgba_array(maps.COLOURS), strict=True):
            assert named[name].get_facecolor() == pytest.approx(tuple(colour))

    def test_nothing_lies_outside_the_picture(self, figure):
        figure, _ = figure
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        for artist in (*figure.legends, *(ax._left_title for ax in figure.axes)):
            box = artist.get_window_extent()
            assert min(box.x0, box.y0) >= 0
            assert box.x1 <= width
            assert box.y1 <= height


class TestSideBySide:
    @pytest.fixture
    def machines(self):
        used, free = Machine(frames=1024, log=False), Machine(frames=1024, log=False)
        process = used.create_process(600)
        used.touch(process, range(600), write=True)
        return {"used": used, "free": free}

    def test_each_machine_has_a_card_with_its_blocks_and_its_memory(self, machines):
        figure = maps.side_by_side(machines, "now")
        assert [(card.name, card.number, card.of) for card in figure.cards] == [
            ("used", 0, 0),
            ("free", 2, 2),
        ]
        kinds = figure.cards[0].maps["now"]
        assert kinds.count(layout.FRAME_ANON) == 600
        page = figure.page("")
        assert page.count("<header>") == 2
        assert "<p>now</p>" in page

    def test_the_picture_file_has_the_same_numbers(self, machines):
        titles = [ax.get_title(loc="left") for ax in maps.side_by_side(machines, "now").axes]
        assert titles == ["used, now\n0 of 0 order-9 blocks", "free, now\n2 of 2 order-9 blocks"]
        assert maps.side_values(machines) == "; ".join(
            title.replace(", now\n", ": ") for title in titles
        )
