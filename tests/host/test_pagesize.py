"""The page size, from what a recording says."""

import pytest

from tests.host.made_up import put
from zbudlab.host.files import Files
from zbudlab.host.pagesize import page_size
from zbudlab.host.zones import Zone

KIB = 1024


@pytest.mark.parametrize("size", [4, 8, 16, 32, 64])
def test_sizes_in_bytes_divided_by_sizes_in_pages(tmp_path, size):
    zones = [Zone(0, "Normal", [1000], managed=100000)]
    memory = {"MemTotal": 100000 * size * KIB, "MemFree": 1010 * size * KIB}
    assert page_size(Files(tmp_path, []), zones, memory, {}) == size * KIB
    assert page_size(Files(tmp_path, []), [Zone(0, "Normal", [1000])], memory, {}) == size * KIB


def test_what_is_recorded_comes_first(tmp_path):
    put(tmp_path, "getconf_PAGESIZE", "16384\n")
    assert page_size(Files(tmp_path, []), [], {}, {}) == 16384
    put(tmp_path, "getconf_PAGESIZE", "17\n")
    assert page_size(Files(tmp_path, []), [], {}, {}) == 4096


def test_smaps_has_it_too(tmp_path):
    put(tmp_path, "proc/self/smaps", "Size: 4 kB\nKernelPageSize:       64 kB\n")
    assert page_size(Files(tmp_path, []), [], {}, {}) == 65536


def test_a_recording_that_lacks_zones_is_not_taken_for_large_pages(tmp_path):
    zones = [Zone(0, "DMA", [600], managed=3840)]
    memory = {"MemTotal": 3840 * 64 * KIB, "MemFree": 600 * 4 * KIB}
    assert page_size(Files(tmp_path, []), zones, memory, {}) == 4096
