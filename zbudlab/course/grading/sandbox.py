"""Foreign code in a separate process behind bubblewrap, with requests as lines of JSON.

The process sees Python and its standard library, numpy and what the machine imports, a copy of the
package without the functions under test, and a small /tmp. It has no network, sees no other
process and none of this user's files, and cannot start processes. It returns data of limited size
in limited time, or the reason why not.
"""

import contextlib
import importlib.util
import json
import os
import select
import shutil
import site
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from zbudlab.course.grading import seccomp
from zbudlab.course.grading.worker import ANSWER_BYTES, READY
from zbudlab.course.probes.imports import LIBRARIES

START_SECONDS = 60.0  #: for a sandbox to start, by the clock
TMP_BYTES = 32 << 20
ENVIRONMENT = {
    "PATH": "/nowhere",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
LINE_BYTES = ANSWER_BYTES + 1000


class NoIsolation(OSError):
    """Foreign code cannot be run safely here."""


class CannotStart(OSError):
    """A sandbox does not start, for a reason that is not the student's fault."""


class Ended(Exception):
    """The process gave no answer; the message says why."""


def bubblewrap() -> str:
    """Return the bubblewrap program after trying it; NoIsolation if none works."""
    program = shutil.which("bwrap")
    if program is None:
        raise NoIsolation(
            "grading runs students' code and needs bubblewrap (bwrap) to keep it in; install "
            "it, or pass --unsafe-no-isolation if you trust every submission with your files"
        )
    done = subprocess.run(
        [program, "--ro-bind", "/", "/", "--unshare-all", "--", "/bin/true"], capture_output=True
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise NoIsolation(
            f"bubblewrap does not work here ({said}): allow "
            "user namespaces, or pass --unsafe-no-isolation if you trust every submission"
        )
    return program


def _library_paths() -> list[Path]:
    """Return the folders of the libraries that the machine imports, with their binary parts."""
    found = []
    for name in LIBRARIES:
        spec = importlib.util.find_spec(name)
        for place in (spec and spec.submodule_search_locations) or []:
            found.append(Path(place))
            libraries = Path(place).with_name(f"{name}.libs")
            if libraries.is_dir():
                found.append(libraries)
    return found


def _system_binds() -> list[str]:
    """Return options that bind the system's libraries and this Python without packages."""
    base = Path(sys.base_prefix).resolve()
    standard = Path(os.__file__).resolve().parent
    options = ["--ro-bind", "/usr/lib", "/usr/lib"]
    for link in ("/lib", "/lib64", "/lib32"):
        if os.path.islink(link):
            options += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            options += ["--ro-bind", link, link]
    options += ["--ro-bind-try", "/usr/lib64", "/usr/lib64"]
    options += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    python = Path(os.path.realpath(sys.executable))
    options += ["--ro-bind", str(python), str(python)]
    options += ["--ro-bind", str(standard), str(standard)]
    for library in (base / "lib").glob("libpython*.so*"):
        options += ["--ro-bind", str(library), str(library)]
    places = {standard / "site-packages", standard / "dist-packages", Path("/usr/lib/python3")}
    places |= {Path(place) for place in site.getsitepackages()}
    for place in sorted(places):
        if place.is_dir() and (place.is_relative_to(standard) or place.is_relative_to("/usr/lib")):
            options += ["--tmpfs", str(place), "--remount-ro", str(place)]
    return options


def command(program: str, package: Path, filter_number: int | None) -> list[str]:
    """Return the command line that runs the worker of a stripped copy behind bubblewrap."""
    options = [program, "--die-with-parent", "--new-session", "--unshare-all", "--clearenv"]
    options += ["--cap-drop", "ALL"]  # as root, bubblewrap would keep them all
    for name, value in ENVIRONMENT.items():
        options += ["--setenv", name, value]
    options += _system_binds()
    options += ["--ro-bind", str(package / "meminfo"), "/proc/meminfo"]
    options += ["--ro-bind", str(package), "/lab"]
    for place in _library_paths():
        options += ["--ro-bind", str(place), f"/libraries/{place.name}"]
    options += ["--dev", "/dev", "--remount-ro", "/dev"]
    options += ["--size", str(TMP_BYTES), "--tmpfs", "/tmp"]
    options += ["--chdir", "/tmp", "--remount-ro", "/"]
    if filter_number is not None:
        options += ["--seccomp", str(filter_number)]
    python = os.path.realpath(sys.executable)
    return [*options, "--", python, "-I", "-S", "-B", "/lab/worker.py", "/lab", "/libraries"]


class Sandbox:
    """A process with a student's code. program: bubblewrap's, None to run without it."""

    def __init__(self, package: Path, program: str | None) -> None:
        filter_file = self._filter() if program else None
        number = filter_file.fileno() if filter_file else None
        if program:
            line = command(program, package, number)
        else:
            parts = [str(package), *{str(place.parent) for place in _library_paths()}]
            line = [sys.executable, "-I", "-S", "-B", str(package / "worker.py"), *parts]
        try:
            self.process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[] if number is None else [number],
                start_new_session=True,
                cwd="/",
            )
        finally:
            if filter_file:
                filter_file.close()
        assert self.process.stdin
        assert self.process.stdout
        os.set_blocking(self.process.stdin.fileno(), False)
        self.received = b""
        self.answered = False  # then what is said may be a student's words, on a hidden case
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        """Wait for the worker's first line; CannotStart if it does not come."""
        try:
            line = self._line(time.monotonic() + START_SECONDS)
        except Ended as ended:
            self.close()
            raise CannotStart(f"the grading sandbox does not start: {ended}") from None
        if json.loads(line) != READY:
            self.close()
            raise CannotStart("the grading sandbox does not start: another program answers")

    @staticmethod
    def _filter() -> Any:
        program = seccomp.program()
        if program is None:
            return None
        file = tempfile.TemporaryFile()  # noqa: SIM115 (bubblewrap reads it later)
        file.write(program)
        file.seek(0)
        return file

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Return the answer to a request; Ended if none comes in time or it cannot be read."""
        end = time.monotonic() + seconds
        self.received = b""
        self._send(json.dumps(request).encode() + b"\n", end)
        line = self._line(end)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise Ended("its answer cannot be read") from None
        if not isinstance(answer, dict):
            raise Ended("its answer cannot be read")
        self.answered = True
        return answer

    def _send(self, data: bytes, end: float) -> None:
        assert self.process.stdin
        pipe = self.process.stdin.fileno()
        while data:
            if not select.select([], [pipe], [], max(0.0, end - time.monotonic()))[1]:
                raise Ended("it took no more questions")
            try:
                data = data[os.write(pipe, data) :]
            except OSError:
                raise Ended(self._last_words()) from None

    def _line(self, end: float) -> bytes:
        assert self.process.stdout
        pipe = self.process.stdout.fileno()
        while b"\n" not in self.received:
            if len(self.received) > LINE_BYTES:
                raise Ended("its answer is too large")
            if not select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Ended("it gave no answer in time")
            data = os.read(pipe, 1 << 16)
            if not data:
                raise Ended(self._last_words())
            self.received += data
        return self.received.partition(b"\n")[0]

    def _last_words(self) -> str:
        """Return why the process ended, as far as it is known."""
        try:
            code = self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            return "it closed its answers"
        told = f"it ended itself (exit code {code})"
        if self.answered:
            return told
        assert self.process.stderr
        os.set_blocking(self.process.stderr.fileno(), False)
        said = (self.process.stderr.read(2000) or b"").decode(errors="replace").strip()
        return f"{told}: {said}" if said else told
