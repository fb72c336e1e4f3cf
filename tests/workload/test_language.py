"""A workload file and Python objects say the same; invalid values are named.

Also tests `workload/checks.py`.
"""

import pytest

from zbudlab.workload import (
    Allocation,
    CmaRequest,
    Phase,
    Process,
    Region,
    Workload,
    WorkloadError,
)
from zbudlab.workload.checks import pages_of

APP = "[processes.app]\nregions = [{pages = 1}]\n"
PHASE = f"{APP}[[phases]]\nname = 'a'\nsteps = 1\n"


def content_is(value):
    return f"[processes.app]\nregions = [{{pages = 1, content = {value}}}]"


MINE = """
description = "Mine"
[machine]
frames = 1024
[processes.p]
life = 5
regions = [{ pages = "5 %", content = { text = 1, zero = 2 }, access = "zipf" }]
[[phases]]
name = "one"
steps = 3
start = { p = 2 }
allocate = [{ order = 1, count = 2 }]
cma = [{ pages = "50 %" }]
"""


class TestLanguage:
    def test_sizes(self):
        assert pages_of(12, 100) == 12
        assert pages_of("12 %", 200) == 24
        assert pages_of("0.1 %", 200) == 1  # something is not nothing
        assert pages_of("64 MiB", 5) == 16384
        assert pages_of("8KiB", 5) == 2
        assert pages_of(0, 5) == pages_of("0 %", 5) == 0
        for huge in (10**20, "100000 GiB", (1 << 24) + 1):
            with pytest.raises(WorkloadError, match="a size is at most 16777216 pages"):
                pages_of(huge, 100)
        for wrong in ("12", "x %", -1, 1.5, None, True, "-3 %"):
            with pytest.raises(WorkloadError, match="a size is"):
                pages_of(wrong, 100)

    def test_a_file_and_objects_say_the_same(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text(MINE)
        region = Region("5 %", {"text": 1, "zero": 2}, "zipf")
        phase = Phase(
            "one",
            3,
            {"p": 2},
            allocate=(Allocation(1, count=2),),
            cma=(CmaRequest("50 %"),),
        )
        assert Workload.load(path) == Workload(
            "mine",
            (Process("p", (region,), life=5),),
            (phase,),
            "Mine",
            {"frames": 1024},
            tmp_path,
        )

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "at least one phase is needed"),
            ("x = 1", "a workload: unknown x; known are"),
            ("phases = [{name = 'a'}]", "phase a: missing 1 required positional argument: 'steps'"),
            ("phases = [{name = 'a', steps = 0}]", "phase a: steps must be 1 to"),
            ("phases = [{name = 'a', steps = 1, start = {q = 1}}]", "a process must be one of"),
            ("phases = [{name = 'a', steps = 1, allocate = [{order = 11}]}]", "order must be 0"),
            ("phases = [{name = 'a', steps = 1, cma = [{pages = 0}]}]", "for at least one page"),
            ("phases = 5", "phases must be a list, not 5"),
            ("processes = 5", "processes must be a table, not 5"),
            ("[processes.p]", "process p: at least one region is needed"),
            ("[processes.p]\nregions = [{pages = 1, access = 'x'}]", "access must be one of"),
            ("[processes.p]\nregions = [{pages = 'x'}]", "a size is"),
            ("[processes.p]\nregions = [{pages = 1, write = 2}]", "write must be 0 to 1, not 2"),
            ("[processes.p]\nends = 'x'\nregions = [{pages = 1}]", "ends must be one of"),
            ("[[[", "is no TOML file"),
            (
                "machine = 5\nphases = [{name = 'a', steps = 1}]",
                "machine must be a table, not 5",
            ),
            ("phases = [{name = 'a', steps = 6.5}]", "steps must be a whole number, not 6.5"),
            (f"{APP}life = 4.5", "process app: life must be a whole number, not 4.5"),
            (f"{APP}at_once = 1.5", "process app: at_once must be a whole number, not 1.5"),
            (f"{APP}turn = 1.5", "process app: turn must be a whole number, not 1.5"),
            (f"{APP}life = true", "process app: life must be a whole number, not True"),
            (f"{PHASE}start = {{app = 4.5}}", "phase a: start.app must be a whole number, not 4.5"),
            (f"{PHASE}allocate = [{{every = 1.5}}]", "every must be a whole number, not 1.5"),
            (f"{PHASE}allocate = [{{keep = 1.5}}]", "keep must be a whole number, not 1.5"),
            (f"{PHASE}allocate = [{{order = 1.5}}]", "order must be a whole number, not 1.5"),
            (f"{PHASE}allocate = [{{direct = 1}}]", "direct must be True or False, not 1"),
            (f"{PHASE}cma = [{{pages = 1, every = 1.5}}]", "every must be a whole number, not 1.5"),
            (f"{PHASE}cma = [{{pages = 1, keep = 1.5}}]", "keep must be a whole number, not 1.5"),
            (content_is("5"), "a content is a name or a table of weights by name, not 5"),
            (content_is("{}"), "a content is a name or a table of weights by name, not {}"),
            (content_is("'txt'"), "unknown content 'txt': use text, binary"),
            (content_is("{text = 1, txt = 1}"), "unknown content 'txt': use text, binary"),
            (content_is("{text = nan}"), "weight must be a number above 0, not nan"),
            (content_is("{text = inf}"), "weight must be a number above 0, not inf"),
            (content_is("{text = true}"), "weight must be a number above 0, not True"),
            (content_is("{text = 'x'}"), "weight must be a number above 0, not 'x'"),
        ],
    )
    def test_invalid_values_are_named(self, tmp_path, text, reason):
        path = tmp_path / "wrong.toml"
        path.write_text(text)
        with pytest.raises(WorkloadError, match="(?s)" + reason):
            Workload.load(path)

    def test_names_that_are_not_there(self, tmp_path):
        with pytest.raises(WorkloadError, match="unknown workload 'x': use build, database"):
            Workload.load("x")
        with pytest.raises(WorkloadError, match="cannot read"):
            Workload.load(tmp_path / "x.toml")
