"""Pictures of a host."""

import numpy as np
import pytest

from tests.host.made_up import make_host
from zbudlab import host
from zbudlab.host import frames
from zbudlab.view import plot_host
from zbudlab.view.hosts import plot_frames


@pytest.fixture
def root(tmp_path):
    return make_host(tmp_path)


def test_the_recording_has_a_map_of_its_frames():
    found = host.read(host.RECORDING)
    assert sum(found.frames.values()) == len(found.kinds)
    ax = plot_frames(found)
    cells = np.asarray(ax.images[0].get_array())
    assert cells.size <= 1 << 16
    assert {"free", "anonymous", "file"} <= {frames.KINDS[kind] for kind in np.unique(cells)}
    assert "a cell 64 frames" in ax.get_title(loc="left")


def test_without_kpageflags_there_is_no_map_and_it_says_why(root):
    (root / "proc/kpageflags").unlink()
    found = host.read(root)
    with pytest.raises(ValueError, match="only root"):
        plot_frames(found)
    assert len(plot_host(found).axes) == 3
