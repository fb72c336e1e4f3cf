"""Every notebook opens in JupyterLab, runs to its end, and is accessible in both themes."""

from pathlib import Path

import pytest

from tests.browser.lab import DARK, LIGHT

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SHOWN = ".jp-OutputArea-output, .jp-MarkdownOutput"  #: outputs and text, not JupyterLab's controls

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_without_an_error_and_without_faults_of_accessibility(lab, path):
    with lab.open(path) as notebook:
        notebook.run_all()
        assert notebook.error_outputs() == []
        faults = {}
        for theme in (DARK, LIGHT):
            notebook.change_theme(theme)
            faults[theme] = notebook.faults(SHOWN)
        assert faults == {DARK: [], LIGHT: []}
        assert notebook.errors == []
