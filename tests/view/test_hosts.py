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


def test_every_zone_of_many_nodes_has_a_line_and_its_name(tmp_path):
    rows = [f"Node {node}, zone {name} {node + 1} 2 3" for node in range(8) for name in ZONES]
    found = host.from_text("".join(f"{row}\n" for row in rows))
    ax = plot_host(found).axes[16]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 16
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [str(zone) for zone in found.zones]


ZONES = ("Normal", "Movable")
