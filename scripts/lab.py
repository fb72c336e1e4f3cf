"""JupyterLab at the first notebook, with its address as the only line in the terminal.

`make lab` is for students: without nbgrader's menu and its Create Assignment panel. `make teach`
(--teacher) shows them. Other arguments go to JupyterLab.
"""

import os
import secrets
import sys
from pathlib import Path

from jupyterlab.labapp import LabApp

ROOT = Path(__file__).resolve().parents[1]
FIRST = "notebooks/00_start_here.ipynb"
#: Its labconfig/page_config.json switches nbgrader's part of the page off.
STUDENT = ROOT / "scripts" / "student"
QUIET = (
    "--ServerApp.log_level=ERROR",
    "--LabApp.log_level=ERROR",
    "--ServerApp.ip=127.0.0.1",
    f"--LabApp.default_url=/lab/tree/{FIRST}",
)


def main(arguments: list[str]) -> None:
    """Serve the repository until Ctrl-C is pressed twice."""
    if "--teacher" not in arguments:
        paths = [str(STUDENT), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
        os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    # With a token from outside, Jupyter does not print its own notice of several lines.
    token = os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    server = LabApp.initialize_server(
        argv=[*QUIET, f"--ServerApp.root_dir={ROOT}", *(a for a in arguments if a != "--teacher")]
    )
    address = f"{server.connection_url}lab/tree/{FIRST}?token={token}"
    line = f"lab: {address} (Ctrl-C twice ends it)"
    server.io_loop.add_callback(print, line, flush=True)  # printed once the server listens
    server.start()


if __name__ == "__main__":
    main(sys.argv[1:])
