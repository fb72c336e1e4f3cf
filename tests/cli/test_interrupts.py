"""Ctrl-C ends a command without a traceback."""

import signal
import subprocess
import sys
import time

from tests.cli.calls import ROOT, TRACE, command, heeding_interrupts, listing


class TestInterrupted:
    def test_leaves_no_traceback_and_no_file(self, folder):
        words = ["run", "input", "--frames", "65536", "--json", "out.json", "--plot", "out.png"]
        before = listing(folder)
        job = command(*words, cwd=folder, preexec_fn=heeding_interrupts)
        assert job.stdout.readline().startswith("input: ")
        time.sleep(0.3)
        job.send_signal(signal.SIGINT)
        _, err = job.communicate(timeout=60)
        assert job.returncode == 130
        assert err.splitlines()[-1] == "zbudlab: interrupted"
        assert "Traceback" not in err
        assert listing(folder) == before

    def test_the_exit_code_is_the_same_wherever_it_comes(self):
        script = (
            "import sys, types; from zbudlab.cli import command_line as cli\n"
            "asked = types.SimpleNamespace(command=lambda _: exec('raise KeyboardInterrupt'))\n"
            "cli.parser = lambda: types.SimpleNamespace(parse_args=lambda _: asked)\n"
            "sys.exit(cli.main())"
        )
        assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 130

    def test_waits_until_llvmlite_has_ended(self):
        script = (
            "import os, signal, time\n"
            "from zbudlab.cli.interrupts import put_off_in_llvmlite\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "made = []\n"
            "inside = {**globals(), '__name__': 'llvmlite.binding.value'}\n"
            "exec('def make():\\n os.kill(os.getpid(), 2)\\n made.append(len(made))', inside)\n"
            "try:\n"
            "    with put_off_in_llvmlite():\n"
            "        inside['make']()\n"
            "        time.sleep(60)\n"
            "except KeyboardInterrupt:\n"
            "    print(made, signal.getsignal(2) is signal.default_int_handler)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30
        )
        assert done.stdout == "[0] True\n", done.stderr

    def test_a_reader_that_goes_away_is_no_error(self, folder):
        (folder / "long").write_text(TRACE * 20000)
        job = command("replay", "radix", "long", cwd=folder)
        job.stdout.readline()
        job.stdout.close()
        assert job.stderr.read() == ""
        assert job.wait(timeout=60) == 0
