"""Settings that no machine has are refused."""

import errno
import json
import sys
from collections import namedtuple

import numpy as np
import psutil
import pytest

from zbudlab.content.compressors import MissingLibrary, UnknownCompressor
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError, MachineError


class TestConfig:
    @pytest.mark.parametrize(
        ("settings", "why"),
        [
            ({"frames": 63}, "frames must be 64 to 16777216, not 63"),
            ({"frames": 1 << 25}, "not 33554432"),
            ({"frames": "many"}, "whole number, not 'many'"),
            ({"max_pool_percent": -1}, "0 to 100, not -1"),
            ({"max_pool_percent": True}, "whole number, not True"),
            ({"pageblock_order": 11}, "4 to 10, not 11"),
            ({"cma_pages": 1000, "frames": 4096}, "whole blocks of 1024 pages"),
            ({"cma_pages": 8192, "frames": 4096}, "0 to 4096, not 8192"),
            ({"zbud": "z3fold"}, "plain, series, not 'z3fold'"),
            ({"zbud": "plain", "zbud_movable": True}, "cannot move"),
            ({"zpool": "z4fold"}, "zbud, z3fold, zsmalloc, not 'z4fold'"),
            ({"zpool": "z3fold"}, r"3\.12-fixed has no z3fold: it has zbud\. .* profiles 6\.1"),
            ({"zpool": "z3fold", "thought_experiment": 1}, "True or False, not 1"),
            ({"zpool": "zsmalloc"}, "needs one of the profiles 6.1, 7.2, 7.3"),
            ({"zpool": "zbud", "profile": "7.3"}, r"7\.3 has no zbud: zbud left Linux in 6\.15"),
            ({"zpool": "z3fold", "profile": "7.2"}, r"7\.2 has no z3fold: z3fold left Linux in 6"),
            ({"zpool": "zsmalloc"}, "or thought_experiment=True"),
            ({"profile": "2.6"}, "3.12-fixed, 3.12, 6.1, 7.2, 7.3, v2, v2-mended, not '2.6'"),
            ({"seed": -1}, "not -1"),
            ({"threads": 0}, "1 to 1024, not 0"),
            ({"page_bytes": "no"}, "True or False, not 'no'"),
            ({"frame": 4096}, "no setting frame: there are frames, "),
            ({"compressor": 5}, "compressor must be a name, or have .*, not 5"),
            ({"config": {"frames": 64}}, r"config must be a MachineConfig, not {'frames': 64}"),
            ({"config": MachineConfig(frames=64), "log": False}, "or settings by name, not both"),
            ({"min_free": 5000, "frames": 4096}, "min_free must be 0 to 4096, not 5000"),
            ({"keyframe_seconds": float("nan")}, "0 to 3600, not nan"),
            ({"frames": 2.0**10}, "frames must be a whole number, not 1024.0"),
            ({"zbud_movable": 1}, "zbud_movable must be True or False, not 1"),
        ],
    )
    def test_says_which_value_cannot_be(self, settings, why):
        with pytest.raises(ConfigError, match=why):
            Machine(**settings)

    def test_numbers_of_numpy_are_numbers(self):
        config = MachineConfig(frames=np.int64(4096), seed=np.uint8(7))
        assert config == MachineConfig(frames=4096, seed=7)
        assert json.dumps(config.as_dict()) == json.dumps(
            MachineConfig(frames=4096, seed=7).as_dict()
        )
        assert Machine(config).alloc_pages(np.int8(3)) >= 0

    def test_an_unknown_compressor_is_told_the_known_ones(self):
        with pytest.raises(UnknownCompressor, match="'rar'; there are lz4"):
            Machine(frames=64, compressor="rar")

    def test_an_absent_library_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "zstandard", None)
        with pytest.raises(MissingLibrary, match="pip install zstandard"):
            Machine(frames=64, compressor="zstd")

    def test_a_machine_too_large_for_the_host_is_refused(self, monkeypatch):
        memory = namedtuple("memory", "available")
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(32 << 20))
        with pytest.raises(MachineError, match=r"needs 64 MiB.*has 32 MiB free: ask") as e:
            Machine(frames=16384)
        assert e.value.errno == errno.ENOMEM
        Machine(frames=16384, page_bytes=False)

    def test_survives_a_journey_through_plain_values(self):
        config = MachineConfig(frames=4096, compressor="zstd", zbud_movable=False)
        assert MachineConfig.from_dict(config.as_dict()) == config
        with pytest.raises(ConfigError, match="colour"):
            MachineConfig.from_dict({"colour": "red"})
