"""One JupyterLab and one browser for all tests of this folder; skipped where there is no Chromium.

They end with the last test of the folder (`scope="package"`): Playwright's event loop must not be
there when other tests run theirs.
"""

import pytest


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    """`tests.browser.lab.Lab`: `with lab.open(["cell", "cell"]) as notebook:`."""
    pytest.importorskip("playwright", reason="no Playwright here: pip install zbudlab[test]")
    from tests.browser.lab import chromium, running

    if chromium() is None:
        pytest.skip("no Chromium here: install chromium to run the browser tests")
    with running(tmp_path_factory.mktemp("lab")) as lab:
        yield lab
