"""The scripts of each live view, put together as the browser gets them, are one whole module."""

import shutil
import subprocess

import pytest

from zbudlab import view

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node"),
]


@pytest.mark.parametrize("name", ["FrameMap", "Panel", "Player"])
def test_node_can_read_it(tmp_path, name):
    module = tmp_path / f"{name}.mjs"
    module.write_text(str(getattr(view, name)._esm), "utf-8")
    done = subprocess.run(["node", "--check", module], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
