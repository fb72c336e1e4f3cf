"""Files become pages, output files come whole or not at all, and refusals say why.

Also tests `io/files.py`.
"""

import hashlib
import os
import socket
import stat

import numpy as np
import pytest

from zbudlab.content import sources
from zbudlab.content.sources import SourceError, check_file, read_content
from zbudlab.io import files
from zbudlab.io.files import OutputError, check_writable, written_whole
from zbudlab.layout import PAGE_SIZE


class TestContent:
    def test_is_the_bytes_of_files_in_order_each_filled_up_with_zeros(self, tmp_path):
        (tmp_path / "b").write_bytes(b"b" * (PAGE_SIZE + 1))
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "z").write_bytes(b"z" * PAGE_SIZE)
        (tmp_path / "empty").touch()
        content = read_content([tmp_path], 100)
        expected = b"b" * (PAGE_SIZE + 1) + bytes(PAGE_SIZE - 1) + b"z" * PAGE_SIZE
        assert content.pages.tobytes() == expected
        assert (content.files, content.skipped) == (2, 0)
        assert content.sha256 == hashlib.sha256(expected).hexdigest()

    def test_ends_at_the_limit(self, tmp_path):
        for name in "abc":
            (tmp_path / name).write_bytes(name.encode() * 3 * PAGE_SIZE)
        content = read_content([tmp_path], 4)
        assert content.pages.tobytes() == b"a" * 3 * PAGE_SIZE + b"b" * PAGE_SIZE
        assert content.files == 2

    def test_is_pythons_library_by_default(self):
        content = read_content(None, 50)
        assert content.pages.shape == (50, PAGE_SIZE)
        assert content.pages.dtype == np.uint8
        assert content.files > 1

    def test_counts_files_of_a_folder_that_cannot_be_read(self, tmp_path, monkeypatch):
        (tmp_path / "good").write_bytes(b"g")
        (tmp_path / "secret").write_bytes(b"s" * PAGE_SIZE)
        deny(monkeypatch, "secret")
        content = read_content([tmp_path], 10)
        assert (content.files, content.skipped) == (1, 1)
        assert content.pages.tobytes() == b"g".ljust(PAGE_SIZE, b"\0")


def deny(monkeypatch, name):
    """Have every attempt to open that file refused, as it is for others than root."""

    def refuse(path, *rest, **named):
        if os.path.basename(path) == name:
            raise PermissionError(13, "Permission denied", str(path))
        return open(path, *rest, **named)

    monkeypatch.setattr(sources, "open", refuse, raising=False)


class TestRefused:
    def refusal(self, path):
        with pytest.raises(SourceError) as refused:
            read_content([path], 10)
        assert str(path) in str(refused.value)
        return str(refused.value)

    def test_missing(self, tmp_path):
        assert "No such file" in self.refusal(tmp_path / "nothing")
        assert "No such file" in self.refusal("")

    def test_empty(self, tmp_path):
        (tmp_path / "empty").touch()
        assert "it is empty" in self.refusal(tmp_path / "empty")

    def test_a_folder_with_no_file(self, tmp_path):
        (tmp_path / "folder").mkdir()
        assert "no file in it" in self.refusal(tmp_path)

    def test_only_empty_files(self, tmp_path):
        (tmp_path / "empty").touch()
        with pytest.raises(SourceError, match="all are empty"):
            read_content([tmp_path], 10)

    def test_unreadable(self, tmp_path, monkeypatch):
        (tmp_path / "secret").write_bytes(b"s")
        deny(monkeypatch, "secret")
        assert "Permission denied" in self.refusal(tmp_path / "secret")

    def test_a_folder_that_cannot_be_listed(self, tmp_path, monkeypatch):
        def refuse(path):
            raise PermissionError(13, "Permission denied", path)

        monkeypatch.setattr(sources.os, "scandir", refuse)
        assert "Permission denied" in self.refusal(tmp_path)

    def test_a_device(self):
        if not os.path.exists(os.devnull) or not stat.S_ISCHR(os.stat(os.devnull).st_mode):
            pytest.skip("no device that is a path here")
        assert "it is a device" in self.refusal(os.devnull)

    @pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets that are paths here")
    def test_a_socket(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
            assert "socket, not a file" in self.refusal("socket")

    def test_a_folder_where_a_file_is_wanted(self, tmp_path):
        with pytest.raises(SourceError, match="it is a folder, not a file"):
            check_file(tmp_path)


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def write_half(target, error):
    with written_whole(target) as file:
        file.write(b"half of the new")
        raise error


class TestOutput:
    def test_takes_its_place_when_it_is_whole(self, tmp_path):
        target = tmp_path / "out"
        target.write_bytes(b"old")
        with written_whole(target) as file:
            file.write(b"new")
            assert target.read_bytes() == b"old"
        assert target.read_bytes() == b"new"
        assert listing(tmp_path) == ["out"]

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, MemoryError])
    def test_an_error_leaves_the_old_file_and_nothing_else(self, tmp_path, error):
        target = tmp_path / "out"
        target.write_bytes(b"old")
        with pytest.raises(error):
            write_half(target, error)
        assert target.read_bytes() == b"old"
        assert listing(tmp_path) == ["out"]

    def test_an_error_leaves_no_new_file(self, tmp_path):
        with pytest.raises(RuntimeError):
            write_half(tmp_path / "out", RuntimeError)
        assert listing(tmp_path) == []

    def test_goes_where_a_link_leads(self, tmp_path):
        target, link = tmp_path / "target", tmp_path / "link"
        target.write_bytes(b"old")
        try:
            link.symlink_to(target)
        except OSError:
            pytest.skip("no right to make links here")
        with written_whole(link) as file:
            file.write(b"new")
        assert link.is_symlink()
        assert target.read_bytes() == b"new"

    def test_is_refused_where_it_cannot_be(self, tmp_path):
        (tmp_path / "file").touch()
        for path, why in (
            (tmp_path, "it is a folder"),
            (tmp_path / "no" / "out", "there is no folder"),
            (tmp_path / "file" / "out", "there is no folder"),
            (tmp_path / ("x" * 300), "too long|syntax"),
        ):
            with pytest.raises(OutputError, match=why) as refused:
                check_writable(path)
            assert f"cannot write {path}" in str(refused.value)
        assert listing(tmp_path) == ["file"]

    def test_never_replaces_a_device(self):
        if not os.path.exists(os.devnull) or not stat.S_ISCHR(os.stat(os.devnull).st_mode):
            pytest.skip("no device that is a path here")
        with pytest.raises(OutputError, match="it is a device"):
            check_writable(os.devnull)

    def test_is_refused_in_a_folder_that_is_read_only(self, tmp_path, monkeypatch):
        def refuse(**_where):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(files.tempfile, "NamedTemporaryFile", refuse)
        with pytest.raises(OutputError, match="Permission denied"):
            check_writable(tmp_path / "out")
