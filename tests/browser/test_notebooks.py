"""Every notebook opens in JupyterLab and runs to its end."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_without_an_error(lab, path):
    with lab.open(path) as notebook:
        notebook.run_all()
        assert notebook.error_outputs() == []
        assert notebook.errors == []
