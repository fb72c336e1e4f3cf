"""Half a minute of fuzzing with a fixed seed, and tests of the fuzzer itself."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import hostile
from tests.fuzz import play, programs, run, surface
from tests.fuzz.programs import Step
from zbudlab.cli.command_line import parser
from zbudlab.machine import Machine

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forks")


@pytest.mark.slow
def test_half_a_minute_finds_nothing():
    command = [sys.executable, "-m", "tests.fuzz", "--minutes", "0.35", "--seed", "2013"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 kinds of faults" in done.stdout
    assert int(done.stdout.replace(",", "").split(" programs")[0]) >= 10


class TestSurface:
    def test_every_public_method_of_a_machine_is_called(self):
        called = {each.name for each in programs.TARGETS}
        public = [name for name in vars(Machine) if not name.startswith("_")]
        assert {f"Machine.{name}" for name in public} <= called

    def test_every_command_is_called(self):
        from tests.fuzz import commands

        (group,) = (each for each in parser()._actions if each.dest == "command")
        assert set(commands.COMMANDS) == set(group.choices)

    def test_a_new_name_is_covered_by_itself(self, monkeypatch):
        import zbudlab.traces

        monkeypatch.setattr(zbudlab.traces, "brand_new", lambda path: None, raising=False)
        monkeypatch.setattr(zbudlab.traces, "__all__", [*zbudlab.traces.__all__, "brand_new"])
        assert "brand_new" in {each.name for each in surface.targets()}

    def test_programs_follow_from_seed_and_number(self):
        assert [programs.program(5, n) for n in range(40)] == [
            programs.program(5, n) for n in range(40)
        ]


def step(call, target="x", **named):
    return Step(target, call, tuple(named.items()), tuple(named))


#: A step that ends in a way that no user may see, and what is said of it.
FAULTS = {
    "[][7:8][0]": "IndexError: list index out of range",
    "{}['x']": "KeyError",
    "(_ for _ in ()).throw(ValueError('a\\nb'))": "ValueError without one short sentence",
    "os.kill(os.getpid(), 11)": "ends the process by SIGSEGV",
    "os._exit(134)": "ends the process with code 134",
    "bytearray(1 << 40)": "MemoryError",
    "sys.exit(3)": "SystemExit",
}


class TestOutcomes:
    @pytest.mark.parametrize("text", FAULTS)
    def test_what_no_user_may_see_is_a_fault(self, text):
        names = {**hostile.NAMES, "os": os, "sys": sys}
        found = run.outcome([step(f"[{text}]")], names)
        assert FAULTS[text] in found.fault

    def test_a_call_without_end_is_a_fault(self, monkeypatch):
        monkeypatch.setattr(play, "CPU_SECONDS", 0.2)
        monkeypatch.setattr(play, "SECONDS", 0.5)
        assert run.outcome([step("[all(iter(int, 1)) for _ in iter(int, 1)]")], {}).fault == (
            "computes without end"
        )
        assert run.outcome([step("[time.sleep(9)]")], {"time": time}).fault == "waits without end"

    def test_a_message_has_to_name_the_value(self):
        def refuse(size):
            raise ValueError("wrong" if size != 7 else "size must not be 7")

        names = {"refuse": refuse}
        wrong = Step("x", "refuse", (("size", "-3"),), ("size",), "", (("size", "7"),))
        assert "does not name" in run.outcome([wrong], names).fault
        assert run.outcome([step("refuse", size="7")], names).fault == ""

    def test_a_refused_call_must_not_change_the_machine(self, monkeypatch):
        def lossy(self, pfn):
            self.state.zone["fail_page_alloc"] = 5
            raise ValueError(f"there is no page frame {pfn}")

        machine = Machine(frames=256, threads=1)
        wrong = [step("machine.pin", "Machine.pin", pfn="-1")]
        assert run.outcome(wrong, {"machine": machine}).fault == ""
        monkeypatch.setattr(Machine, "pin", lossy)
        assert "changed the machine" in run.outcome(wrong, {"machine": machine}).fault

    def test_a_failure_shrinks_to_the_calls_that_show_it(self):
        steps = [step("print", text="'a'"), step("found.append", "x"), step("found.pop")]
        steps[1] = Step("x", "found.append", (("", "1"),))
        steps.append(step("[{}['x']]"))
        names = {"found": []}
        failed = run.outcome(steps, names)
        assert failed.at == 3
        assert run.shrunk(steps, failed, names) == steps[-1:]
