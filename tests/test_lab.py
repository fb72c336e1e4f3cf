"""`make lab` and `make teach`: one line in the terminal; teachers get nbgrader's controls."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


NEWS, NBGRADER = "@jupyterlab/apputils-extension:announcements", "@jupyter/nbgrader"


@pytest.mark.parametrize(("options", "hidden"), [([], {NEWS, NBGRADER}), (["--teacher"], {NEWS})])
def test_the_terminal_has_one_line_and_the_page_what_its_reader_needs(options, hidden, tmp_path):
    pytest.importorskip("jupyterlab")
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [sys.executable, ROOT / "scripts" / "lab.py", *options, "--no-browser", *root]
    environment = os.environ | {"JUPYTER_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as lab:
        try:
            line = lab.stdout.readline()
            address = re.fullmatch(r"lab: (http://\S+/00_start_here\.ipynb\?token=\w+) .*\n", line)
            assert address, line
            page = urllib.request.urlopen(address[1], timeout=60).read().decode()
            if options:
                listed = address[1].split("/lab/")[0] + "/formgrader/api/assignments?token="
                token = address[1].partition("token=")[2]
                assignments = json.load(urllib.request.urlopen(listed + token, timeout=60))
                assert "e04_zbud" in {assignment["name"] for assignment in assignments}
        finally:
            lab.kill()
    found = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert set(json.loads(found[1])["disabledExtensions"]) == hidden
