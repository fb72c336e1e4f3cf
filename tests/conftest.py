"""In CI a test that needs a browser, bubblewrap, Node or Spin must run: skipped means failed."""

import os

import pytest
from hypothesis import settings

# A first call may compile for a second, which is no fault; and every run is to try the same.
settings.register_profile("zbudlab", deadline=None, derandomize=True)
settings.load_profile("zbudlab")

MUST_RUN_IN_CI = ("browser", "isolation", "node", "spin")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    marked = [name for name in MUST_RUN_IN_CI if item.get_closest_marker(name)]
    if os.environ.get("ZBUDLAB_CI") == "1" and report.skipped and marked:
        reason = call.excinfo.value if call.excinfo else "skipped"
        report.outcome = "failed"
        report.longrepr = f"a {marked[0]} test must not be skipped in CI: {reason}"
    return report
