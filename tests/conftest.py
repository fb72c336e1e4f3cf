"""In CI a test that needs a browser, bubblewrap or Node must run: there, skipped means failed."""

import os

import pytest

MUST_RUN_IN_CI = ("browser", "isolation", "node")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    marked = [name for name in MUST_RUN_IN_CI if item.get_closest_marker(name)]
    if os.environ.get("ZBUDLAB_CI") == "1" and report.skipped and marked:
        reason = call.excinfo.value if call.excinfo else "skipped"
        report.outcome = "failed"
        report.longrepr = f"a {marked[0]} test must not be skipped in CI: {reason}"
    return report
