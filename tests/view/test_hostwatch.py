"""The live picture of a host."""

import re

import pytest

from tests.host.made_up import BUDDYINFO, make_host, put
from zbudlab.view import HostWatch


@pytest.fixture
def root(tmp_path):
    return make_host(tmp_path)


class TestWatch:
    def test_each_look_shows_the_host_as_it_is(self, root):
        watch = HostWatch(root)
        sent = []
        watch.send = lambda message, buffers=(): sent.append((message, buffers))
        put(root, "proc/vmstat", "pgfault 4000\npswpout 7\n")
        put(root, "proc/buddyinfo", BUDDYINFO.replace("Normal     10", "Normal     77"))
        watch._asked(None, {"kind": "look"}, None)
        ((told, (picture,)),) = sent
        assert picture.startswith(b"\x89PNG")
        assert re.search(r"free blocks +77 +4", told["words"])
        assert re.search(r"per second, .* pgfault \d+, pswpout 0", told["words"])
        assert watch.summary == told["words"]

    def test_files_that_are_gone_are_told_and_the_last_picture_stays(self, root):
        watch = HostWatch(root)
        sent = []
        watch.send = lambda message, buffers=(): sent.append((message, buffers))
        for name in ("buddyinfo", "pagetypeinfo"):  # either has the free blocks
            (root / "proc" / name).unlink()
        watch._asked(None, {"kind": "look"}, None)
        ((told, buffers),) = sent
        assert "buddyinfo" in told["error"]
        assert not buffers
        assert watch.host.zone().name == "Normal"

    def test_it_leaves_a_picture_and_words(self, root):
        data, _ = HostWatch(root)._repr_mimebundle_()
        assert data["text/plain"].endswith("Run this cell to make it live.")
        assert data["image/png"].startswith("iVBOR")

    def test_seconds_that_cannot_be(self, root):
        with pytest.raises(ValueError, match="seconds must be above 0, not 0"):
            HostWatch(root, seconds=0)
