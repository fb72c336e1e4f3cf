"""Compressed lengths: recorded, measured, and read from files."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.content import lengths
from zbudlab.content.sources import SourceError
from zbudlab.profiles import PROFILES


class TestLengths:
    def test_are_those_recorded(self):
        old, new = (
            lengths.recorded("mixed", "lz4", rules=PROFILES[name]) for name in ("3.12", "6.1")
        )
        assert old.shape == new.shape == (2048,)
        assert ((old == layout.TOO_LONG) == (new == -1)).all()
        assert (new == 0).sum() == 410
        assert (old[new > 0] == new[new > 0]).all()

    def test_of_pages_are_what_the_compressor_makes(self):
        pages = np.zeros((2, layout.PAGE_SIZE), np.uint8)
        pages[1] = np.random.default_rng(1).integers(0, 256, layout.PAGE_SIZE)
        made = lengths.of_pages(pages, "lz4", rules=PROFILES["3.12"])
        assert 0 < made[0] < 64
        assert made[1] == layout.TOO_LONG
        assert lengths.of_pages(pages, "lz4", rules=PROFILES["6.1"]).tolist() == [0, -1]

    def test_are_drawn_alike_for_the_same_seed_only(self):
        table = lengths.recorded("text", "zstd", rules=PROFILES["3.12"])
        first, again, other = (lengths.drawn(table, 3000, seed, "") for seed in (1, 1, 2))
        assert first.sha256 == again.sha256 != other.sha256
        assert np.isin(first.pages, table).all()

    @pytest.mark.parametrize("name", ["lengths.txt", "lengths.npy"])
    def test_come_from_a_file_in_its_order(self, tmp_path, name):
        path, wanted = tmp_path / name, [100, 3000, 5, 4096]
        if name.endswith("npy"):
            np.save(path, np.array(wanted))
        else:
            path.write_text("100 3000\n5\n4096\n")
        assert lengths.from_file(path, rules=PROFILES["3.12"]).tolist() == wanted

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "not a list"),
            ("1 two", "not a list"),
            ("5000", "not 5000"),
            ("-2 7", "not -2 to 7"),
        ],
    )
    def test_a_file_that_is_none_is_refused(self, tmp_path, text, why):
        (tmp_path / "f").write_text(text)
        with pytest.raises(SourceError, match=why):
            lengths.from_file(tmp_path / "f", rules=PROFILES["3.12"])
