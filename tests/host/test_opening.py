"""Text in other encodings, packed; folders and archives of recordings."""

import gzip
import io
import tarfile

import pytest

from tests.host.made_up import BUDDYINFO, ZONEINFO, put
from zbudlab import host
from zbudlab.io.files import InputError

NAMES = ["DMA", "Normal"]


@pytest.mark.parametrize(
    "content",
    [
        BUDDYINFO.encode("utf-16"),
        b"\xef\xbb\xbf" + BUDDYINFO.encode(),
        gzip.compress(BUDDYINFO.encode("utf-16")),
    ],
    ids=["UTF-16 as of PowerShell", "UTF-8 with a mark", "packed"],
)
def test_text_in_other_forms_is_read(tmp_path, content):
    put(tmp_path, "text", content)
    put(tmp_path, "folder/proc/buddyinfo", content)
    assert [zone.name for zone in host.read(tmp_path / "text").zones] == NAMES
    if content[:2] != b"\x1f\x8b":
        assert [zone.name for zone in host.read(tmp_path / "folder").zones] == NAMES


def test_a_damaged_file_is_refused(tmp_path):
    put(tmp_path, "text.gz", gzip.compress(BUDDYINFO.encode())[:-12])
    with pytest.raises(InputError, match="cut off or damaged"):
        host.read(tmp_path / "text.gz")


@pytest.mark.parametrize("below", ["", "proc/", "sosreport-box/proc/"])
def test_a_recording_is_found_where_people_have_it(tmp_path, below):
    put(tmp_path, f"{below}buddyinfo", BUDDYINFO)
    put(tmp_path, f"{below}zoneinfo", ZONEINFO)
    found = host.read(tmp_path)
    assert [(zone.name, zone.managed) for zone in found.zones] == [("DMA", 3840), ("Normal", 10500)]
    assert found.root == str(tmp_path)


def test_of_several_recordings_in_a_folder_none_is_chosen(tmp_path):
    for name in ("one", "other"):
        put(tmp_path, f"{name}/proc/buddyinfo", BUDDYINFO)
    with pytest.raises(host.HostError, match="not in this recording: /proc/buddyinfo"):
        host.read(tmp_path)


def archive(path, files):
    """Write an archive packed by xz."""
    with tarfile.open(path, "w:xz") as target:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            target.addfile(member, io.BytesIO(text.encode()))
    return path


def test_an_archive_is_read_without_unpacking_what_is_not_needed(tmp_path):
    files = {
        "sosreport-box/proc/buddyinfo": BUDDYINFO,
        "sosreport-box/proc/zoneinfo": ZONEINFO,
        "sosreport-box/../../proc/pagetypeinfo": "evil",
        "sosreport-box/etc/passwd": "root",
    }
    found = host.read(archive(tmp_path / "sosreport.tar.xz", files))
    assert [zone.managed for zone in found.zones] == [3840, 10500]
    assert any("not in this recording: /proc/pagetypeinfo" in said for said in found.missing)


def test_an_archive_without_a_recording_or_cut_off_is_refused(tmp_path):
    path = archive(tmp_path / "a.tar.xz", {"etc/passwd": "root"})
    with pytest.raises(host.HostError, match="has neither proc/buddyinfo nor"):
        host.read(path)
    archive(path, {"box/proc/buddyinfo": BUDDYINFO * 2000})
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(OSError, match="damaged"):
        host.read(path)
