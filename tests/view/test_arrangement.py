"""Where the cells of a frame map are."""

import numpy as np
import pytest

from zbudlab.view.arrangement import CURVES, MAX_CELLS, arrange, frames_per_cell


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
