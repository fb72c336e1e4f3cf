"""Files that cannot be submissions: pipes, devices, links; and what a killed grader leaves."""

import errno
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from tests.course.handed_in import solution, untouched
from zbudlab.course.grading.collecting import collected
from zbudlab.course.grading.grader import COPIES, alone_in
from zbudlab.course.grading.notebook import read


def special(name, kind):
    """An entry of a zip that is no file."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return info


class TestSpecialFiles:
    def test_cost_nobody_else_a_mark(self, tmp_path):
        os.mkfifo(tmp_path / "pipe_e04_zbud.ipynb")
        os.mkfifo(tmp_path / "pipe.zip")
        (tmp_path / "link_e04_zbud.ipynb").symlink_to("/dev/zero")
        (tmp_path / "folder_e04.ipynb").mkdir()
        (tmp_path / "good_e04_zbud.ipynb").write_text(json.dumps(untouched("e04_zbud")), "utf-8")
        found = {item.student: item.trouble for item in collected([tmp_path])}
        assert found.pop("good") == ""
        assert found.pop("link") == "a link, not a file"
        assert set(found.values()) == {"a pipe, socket or device, not a file"}

    def test_in_a_zip(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.writestr(special("a/e04_zbud.ipynb", stat.S_IFIFO), b"")
            archive.writestr(special("b/e04_zbud.ipynb", stat.S_IFCHR), b"")
            archive.writestr(special("c/e04_zbud.ipynb", stat.S_IFREG), b"{}")
        troubles = [item.trouble for item in collected([tmp_path / "export.zip"])]
        assert troubles == ["a pipe, socket or device, not a file"] * 2 + [""]

    def test_a_file_that_may_not_be_read_is_told(self, tmp_path, monkeypatch):
        def refused(path):
            raise PermissionError(errno.EACCES, "Permission denied")

        (tmp_path / "shut_e04_zbud.ipynb").touch()
        monkeypatch.setattr(Path, "read_bytes", refused)
        (found,) = collected([tmp_path])
        assert found.trouble == "a file that cannot be read (Permission denied)"


class TestAlone:
    def test_what_a_killed_grader_left_goes(self, tmp_path):
        left = [tmp_path / COPIES / "e04_zbud" / "0" / "worker.py", tmp_path / "a" / ".x-1.part"]
        for path in left:
            path.parent.mkdir(parents=True)
            path.touch()
        with alone_in(tmp_path):
            assert not any(path.exists() for path in left)

    def test_two_do_not_grade_into_one_folder(self, tmp_path):
        with (
            alone_in(tmp_path),
            pytest.raises(ValueError, match="another zbudlab grade is at work"),
        ):
            alone_in(tmp_path).__enter__()
        with alone_in(tmp_path):
            pass


def test_a_byte_order_mark_is_no_part_of_a_notebook():
    data = b"\xef\xbb\xbf" + json.dumps(solution("e04_zbud")).encode()
    assert read(data).exercise == "e04_zbud"
