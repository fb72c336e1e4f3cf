"""The scripts of each live view, put together as the browser gets them, are one whole module.

Also tests `view/knob.py`.
"""

import shutil
import subprocess

import pytest

from zbudlab import view
from zbudlab.view.knob import Knob
from zbudlab.view.prediction import Prediction

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node"),
]


@pytest.mark.parametrize(
    "live",
    [view.FrameMap, view.Hero, view.HostWatch, view.Panel, view.Player, Knob, Prediction],
    ids=lambda live: live.__name__,
)
def test_node_can_read_it(tmp_path, live):
    module = tmp_path / "live.mjs"
    module.write_text(str(live._esm), "utf-8")
    done = subprocess.run(["node", "--check", module], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
