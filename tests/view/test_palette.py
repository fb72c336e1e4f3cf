"""Kinds of frames: their order, words and colours, and frames that share a cell."""

from itertools import pairwise

import numpy as np
import pytest

from tests.view.listeners import FRAMES, machine_under_pressure
from zbudlab import layout
from zbudlab.mm.inspection import frame_cells
from zbudlab.view import palette
from zbudlab.view.look import tokens


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

    def test_every_frame_is_counted_once(self):
        machine = machine_under_pressure()[0]
        counts = palette.counts(frame_cells(machine.state))
        assert counts.sum() == FRAMES
        assert palette.in_words(counts).count(";") == (counts > 0).sum() - 1

    def test_isolated_and_pinned_come_before_the_kind(self):
        anon = layout.FRAME_ANON
        cells = [anon, anon | layout.FRAME_PINNED, anon | layout.FRAME_ISOLATED, 1 << 4]
        names = [palette.KINDS[n].name for n in palette.kind_numbers(np.array(cells, np.uint8))]
        assert names == ["process", "pinned", "isolated", "free"]
