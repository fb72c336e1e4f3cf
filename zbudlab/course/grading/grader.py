"""Many submissions graded in parallel. Verdicts are kept on disk, so a run can continue.

The key of a verdict is everything it depends on: the submitted bytes, the exercise, the rule, the
seed of the hidden cases, and the checks themselves. So the same input gets the same marks, even
after an interruption.
"""

import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from zbudlab.course.contract import EXERCISES, exercise
from zbudlab.course.copying import course_folders
from zbudlab.course.grading import notebook as notebooks
from zbudlab.course.grading.names import Found
from zbudlab.course.grading.trial import Examiner, Verdict, refused
from zbudlab.io.files import written_whole

PACKAGE = Path(__file__).parents[2]
STORED = (".json", ".gz")  #: files of the course that have right answers
COPIES = ".copies"  #: in the grading folder: copies of the package, while a grader runs


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Lock a grading folder; ValueError if another grader has it.

    Remove what a killed grader left there: unfinished files and copies of the package.
    """
    import fcntl  # which only Unix has

    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"another zbudlab grade is at work in {folder}: wait for it") from None
        except OSError:  # a file system without locks
            pass
        shutil.rmtree(folder / COPIES, ignore_errors=True)
        for part in folder.rglob(".*.part"):
            part.unlink(missing_ok=True)
        try:
            yield
        finally:
            shutil.rmtree(folder / COPIES, ignore_errors=True)


@dataclass(frozen=True)
class Graded:
    """A submitted file with its verdict and its content, if it could be read."""

    found: Found
    verdict: Verdict
    notebook: notebooks.Notebook | None = None


def kept_seed(folder: Path, given: str | None = None) -> str:
    """Return the seed of the hidden cases: the given one, that of earlier runs, or a new one.

    A new seed is unknown before the submissions are in, and is stored with the verdicts.
    """
    path = folder / "seed"
    if given is not None:
        return given
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as file:
            file.write(f"{secrets.token_hex(8)}\n".encode())
    return path.read_text("utf-8").strip()


def checks_key(solutions: Path) -> str:
    """Return a hash of everything that verdicts depend on besides submissions.

    That is the package with the course's stored answers and traces, the teacher's rules, and the
    exercises as they were handed out.
    """
    digest = hashlib.sha256()
    course = [path for path in (PACKAGE / "course").rglob("*") if path.suffix in STORED]
    exercises = course_folders().get("exercises", Path("nowhere"))
    for folder, paths in (
        (PACKAGE, [*PACKAGE.rglob("*.py"), *course]),
        (solutions, solutions.glob("*/rules.py")),
        (exercises, exercises.glob("*/*.ipynb")),
    ):
        for path in sorted(paths):
            name = path.relative_to(folder).as_posix()
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


class Grader:
    """Grades files. folder: where verdicts and the seed are kept; only: one exercise, or all.

    program: bubblewrap's, or None to run without isolation. variant: the teacher's number.
    """

    def __init__(
        self,
        folder: Path,
        solutions: Path,
        program: str | None,
        *,
        only: str = "",
        variant: int | None = None,
        seed: str | None = None,
    ) -> None:
        self.folder = folder
        self.solutions = solutions
        self.program = program
        self.only = only
        self.variant = variant
        self.seed = kept_seed(folder, seed)
        self._checks = checks_key(solutions)

    def graded(self, found: Iterable[Found], jobs: int, say: Callable[[str], None]) -> list[Graded]:
        """Return a verdict on each file, in order. say: gets a sentence about omitted files."""
        read = [self._read(item, say) for item in found]
        results: dict[int, Verdict] = {}
        todo: dict[tuple[str, str], list[int]] = {}
        for place, graded in enumerate(read):
            if graded is not None and graded.verdict.exercise and not graded.verdict.trouble:
                name = graded.verdict.exercise
                todo.setdefault((name, self._key(graded.found, name)), []).append(place)
        for (name, key), verdict in self._verdicts(todo, read, jobs):
            for place in todo[name, key]:
                results[place] = verdict
        return [
            Graded(graded.found, results.get(place, graded.verdict), graded.notebook)
            for place, graded in enumerate(read)
            if graded is not None
        ]

    def _read(self, found: Found, say: Callable[[str], None]) -> Graded | None:
        """Return a file as an unmarked submission to an exercise; None if it is not wanted."""
        told = self.only or found.exercise
        if found.trouble:
            return Graded(found, refused(exercise(told) if told else None, found.trouble))
        try:
            submitted = notebooks.read(found.data)
        except notebooks.Unreadable as error:
            return Graded(found, refused(exercise(told) if told else None, str(error)))
        name = submitted.exercise or found.exercise or self.only
        if self.only and name != self.only:
            say(f"{found.name} is {name}, not {self.only}: left out")
            return None
        if name not in EXERCISES:
            why = "the exercise is not recognised: pass --exercise, or name it in the file name"
            return Graded(found, refused(None, why), submitted)
        return Graded(found, Verdict(name, submitted.student, []), submitted)

    def _key(self, found: Found, name: str) -> str:
        parts = (
            found.digest,
            name,
            exercise(name).rule(self.variant).name,
            self.seed,
            self._checks,
        )
        isolated = "isolated" if self.program else "not isolated"
        return hashlib.sha256("\n".join([*parts, isolated]).encode()).hexdigest()

    def _path(self, name: str, key: str) -> Path:
        return self.folder / "verdicts" / name / f"{key}.json"

    def _kept(self, name: str, key: str) -> Verdict | None:
        """Return the verdict of an earlier run; None if there is no complete one."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            return Verdict.parsed(self._path(name, key).read_text("utf-8"))
        return None

    def _verdicts(
        self, todo: dict[tuple[str, str], list[int]], read: list[Graded | None], jobs: int
    ) -> Iterable[tuple[tuple[str, str], Verdict]]:
        """Yield verdicts as they become available: first those on disk."""
        fresh = []
        for name, key in todo:
            kept = self._kept(name, key)
            if kept:
                yield (name, key), kept
            else:
                fresh.append((name, key))
        yield from self._examined({pair: read[todo[pair][0]] for pair in fresh}, jobs)

    def _examined(
        self, fresh: dict[tuple[str, str], Graded | None], jobs: int
    ) -> Iterable[tuple[tuple[str, str], Verdict]]:
        """Yield verdicts of submissions that are examined now, several at once."""
        with ExitStack() as stack:
            examiners = {
                name: stack.enter_context(closing(self._examiner(name)))
                for name in sorted({name for name, _ in fresh})
            }
            pool = stack.enter_context(ThreadPoolExecutor(jobs))
            stack.callback(pool.shutdown, wait=True, cancel_futures=True)
            tasks = {}
            for (name, key), graded in fresh.items():
                assert graded is not None
                assert graded.notebook is not None
                task = pool.submit(self._fresh, examiners[name], key, graded.notebook)
                tasks[task] = name, key
            done = tqdm(as_completed(tasks), "graded", len(tasks), unit="notebook", disable=None)
            for task in done:
                yield tasks[task], task.result()

    def _examiner(self, name: str) -> Examiner:
        return Examiner(
            exercise(name),
            self.variant,
            self.seed,
            self.program,
            self.solutions,
            self.folder.resolve() / COPIES,
        )

    def _fresh(self, examiner: Examiner, key: str, submitted: notebooks.Notebook) -> Verdict:
        try:
            verdict = examiner.verdict(submitted)
        except OSError:  # no fault of the student: a sandbox that does not start, a full disk
            raise
        except Exception as error:  # one submission is never the end of all
            return examiner.refused(f"it cannot be marked ({type(error).__name__}): look at it")
        path = self._path(verdict.exercise, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as file:
            file.write(verdict.text().encode())
        return verdict
