"""A kernel version is one record of rules: adding one changes no other file.

Also tests `swap/settings.py`.
"""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zbudlab
from tests.rules_seen import FLIPPED, frames_back_after_the_last_unmap, swap_of
from zbudlab import history, layout
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError
from zbudlab.mm.state import State
from zbudlab.profiles import PROFILES, RULES, Profile
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.today import swap_for

#: A kernel between the two: zswap of 5.6, roughly, with one pool an area and no swap slots cache.
BETWEEN = Profile(
    stale_size_after_swapoff=True,
    same_filled=True,
    accept_threshold=True,
    drop_stale_on_refusal=True,
)


@pytest.fixture
def between(monkeypatch):
    monkeypatch.setitem(PROFILES, "x", BETWEEN)


def pressed(profile, **settings):
    """A machine that has written twice its memory, a fifth of it same-filled pages."""
    machine = Machine(frames=512, profile=profile, max_pool_percent=8, threads=1, **settings)
    process = machine.create_process(1000)
    pages = np.random.default_rng(1).integers(0, 256, (1000, layout.PAGE_SIZE), np.uint8)
    pages[:, 2000:] = 0
    pages[::5] = 7
    machine.write(process, 0, pages)
    assert np.array_equal(machine.read(process, 0, 1000), pages)
    return machine


class TestAnAddedProfile:
    def test_runs_a_machine_by_its_rules(self, between):
        machine = pressed("x", checked=True)
        counters = {name: pressed(name).swap.counters() for name in ("3.12-fixed", "6.1")}
        mine = machine.swap.counters()
        # From 6.1 it has same-filled pages; from 3.12 a full pool that writes back and stores.
        assert counters["3.12-fixed"]["same_filled_pages"] == 0
        assert mine["same_filled_pages"] > 0
        assert counters["6.1"]["same_filled_pages"] > 0
        assert len({tuple(each.items()) for each in (mine, *counters.values())}) == 3

    def test_runs_without_page_bytes_in_batches_and_in_pieces_alike(self, between):
        machines = []
        for log in (False, True):
            machine = Machine(frames=512, profile="x", page_bytes=False, log=log)
            lengths = np.random.default_rng(2).integers(-1, 4097, 1500)
            machine.write(machine.create_process(1500), 0, lengths)
            machines.append(machine)
        assert machines[0].swap.counters()["written_back_pages"] > 0
        assert machines[0].digest() == machines[1].digest()

    def test_replays_its_log(self, between, tmp_path):
        machine = pressed("x")
        machine.save_log(tmp_path / "log.npz")
        assert history.rerun_to_end(tmp_path / "log.npz").digest() == machine.digest()

    def test_is_known_to_the_command_line(self):
        lines = (
            "from zbudlab import profiles",
            "profiles.PROFILES['x'] = profiles.Profile(same_filled=True)",
            "from zbudlab.cli import main",
            "small = ['--metadata-only', '--frames', '1024', '--order', '4']",
            "main(['run', *small, '--profile', 'x'])",
            "main(['run', '--help'])",
        )
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert (
            "kernel whose rules apply: 3.12-fixed, 3.12, 6.1, 7.2, 7.3, v2, v2-mended, x"
            in " ".join(done.stdout.split())
        )

    def test_is_unknown_where_it_was_not_added(self):
        with pytest.raises(
            ConfigError,
            match=r"one of 3\.12-fixed, 3\.12, 6\.1, 7\.2, 7\.3, v2, v2-mended, not 'x'",
        ):
            MachineConfig(profile="x")


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_alone_changes_what_is_seen(monkeypatch, rule):
    base, look, *expected = FLIPPED[rule]
    assert [look(swap) for swap in swap_of(monkeypatch, base, rule)] == expected


def test_a_page_kept_until_its_last_unmap_is_free_afterwards(monkeypatch):
    swaps = swap_of(monkeypatch, "v2", "keep_page_until_unmap")
    assert [frames_back_after_the_last_unmap(swap) for swap in swaps] == [0, 0]


def test_compiled_code_reads_the_rules_by_their_names():
    assert set(RULES) <= set(layout.zswap.names)
    for name, profile in PROFILES.items():
        state = State(64)
        swap_for(state, ZswapSettings(name, enabled=False))
        assert all(state.zswaps[0][rule] == getattr(profile, rule) for rule in RULES)


def compares_a_profile(node):
    """Whether a comparison has a profile's name on one side, or something called `profile`."""
    sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
    return any(
        (isinstance(side, ast.Constant) and side.value in PROFILES)
        or (isinstance(side, ast.Attribute) and side.attr == "profile")
        or (isinstance(side, ast.Name) and side.id == "profile")
        for side in sides
    )


def test_no_other_file_compares_a_version():
    package = Path(zbudlab.__file__).parent
    found = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in sorted(package.rglob("*.py"))
        if path.name != "profiles.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if compares_a_profile(node)
    ]
    assert not found
    assert compares_a_profile(ast.parse('config.profile == "x"', mode="eval").body)
    assert compares_a_profile(ast.parse('version != "6.1"', mode="eval").body)
