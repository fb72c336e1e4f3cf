"""JupyterLab at the first notebook, with its address as the only line in the terminal.

`make lab` is for students: without nbgrader's menu and its Create Assignment panel. `make teach`
(--teacher) shows them. Other arguments go to JupyterLab.
"""

import os
import secrets
import sys
import sysconfig
from pathlib import Path

from jupyterlab.labapp import LabApp

ROOT = Path(__file__).resolve().parents[1]
FIRST = "notebooks/00_start_here.ipynb"
#: Each has a labconfig/page_config.json. Both switch off the question about Jupyter's news, which
#: covers the notebook; the student's also switches off nbgrader's part of the page.
STUDENT, TEACHER = ROOT / "scripts" / "student", ROOT / "scripts" / "teacher"
QUIET = (
    "--ServerApp.log_level=ERROR",
    "--LabApp.log_level=ERROR",
    "--ServerApp.ip=127.0.0.1",
    f"--LabApp.default_url=/lab/tree/{FIRST}",
)


def main(arguments: list[str]) -> None:
    """Serve the repository until Ctrl-C is pressed twice."""
    teacher = "--teacher" in arguments
    _prepend("JUPYTER_CONFIG_PATH", str(TEACHER if teacher else STUDENT))
    if teacher:
        # Nbgrader's pages run `alembic`, which is next to this Python, for the gradebook.
        _prepend("PATH", sysconfig.get_path("scripts"))
        (ROOT / "grading" / "exchange").mkdir(parents=True, exist_ok=True)
    # With a token from outside, Jupyter does not print its own notice of several lines.
    token = os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    server = LabApp.initialize_server(
        argv=[*QUIET, f"--ServerApp.root_dir={ROOT}", *(a for a in arguments if a != "--teacher")]
    )
    address = f"{server.connection_url}lab/tree/{FIRST}?token={token}"
    line = f"lab: {address} (Ctrl-C twice ends it)"
    server.io_loop.add_callback(print, line, flush=True)  # printed once the server listens
    server.start()


def _prepend(variable: str, folder: str) -> None:
    """Put a folder in front of the others in an environment variable."""
    others = filter(None, [os.environ.get(variable)])
    os.environ[variable] = os.pathsep.join([folder, *others])


if __name__ == "__main__":
    main(sys.argv[1:])
