"""Copies of the package for the sandbox, without the functions under test.

Of the course, a copy has only the probes. It has no views and no compiler, and each kernel that
was taken out has a body that raises. What is not there cannot be imported, reloaded or read.
"""

import ast
import compileall
import py_compile
import shutil
from collections.abc import Iterable
from pathlib import Path

from zbudlab.course.probes import imports

PACKAGE = Path(__file__).parents[2]
LEFT_TO_NUMBA = {"warm_marker"}
COURSE = '''"""In the sandbox checks say nothing: marks are given outside."""

from zbudlab.course.contract import number


def check(*arguments, **named):
    """Nothing."""


hint = rule = check
'''
#: /proc/meminfo of the sandbox, in KiB: the same whatever else runs on this computer. The true one
#: would be a channel between sandboxes, and a machine may not be refused because others are busy.
MEMINFO = {
    "MemTotal": 4 << 20,
    "MemFree": 3 << 20,
    "MemAvailable": 3 << 20,
    **dict.fromkeys(("Buffers", "Cached", "Active", "Inactive", "Shmem", "Slab"), 0),
    **dict.fromkeys(("SReclaimable", "SwapTotal", "SwapFree"), 0),
}
RACES = '"""In the sandbox races have their steps, and what must hold; a probe explores them."""\n'


class _Without(ast.NodeTransformer):
    """Empties functions of the given names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = set(names)
        self.emptied: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if node.name in self.names:
            self.emptied.add(node.name)
            text = f"{node.name} is absent here: it is the student's to write"
            node.body = ast.parse(f"raise NotImplementedError({text!r})").body
        return node


def without(source: str, names: set[str]) -> str:
    """Return the source of a module with some functions emptied; ValueError for unknown ones."""
    remover = _Without(names)
    tree = remover.visit(ast.parse(source))
    if remover.emptied != names:
        raise ValueError(f"there is no function {', '.join(names - remover.emptied)} to take out")
    return ast.unparse(tree)


def _is_plain(node: ast.stmt, own: set[str]) -> bool:
    """Return whether a statement of `zbudlab.jit` is plain Python that kernels may use."""
    if isinstance(node, ast.FunctionDef):
        return not node.decorator_list and not node.name.startswith("_") and node.name not in own
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.ImportFrom) and node.module == "zbudlab.layout"


def plain_jit() -> str:
    """Return `zbudlab.jit` for the sandbox: plain_jit.py and the plain parts of the intrinsics."""
    source = Path(__file__).with_name("plain_jit.py").read_text("utf-8")
    own = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    real = ast.parse((PACKAGE / "jit" / "intrinsics.py").read_text("utf-8")).body
    taken = [ast.unparse(node) for node in real if _is_plain(node, own | LEFT_TO_NUMBA)]
    return "\n\n".join([source, *taken])


def copied() -> list[Path]:
    """Return the files of the package that the sandbox gets, relative to it."""
    found = []
    for package, modules in imports.PACKAGE.items():
        folder = Path(*package.split("."))
        own = [] if package in imports.REPLACED else ["__init__"]
        found += [folder / f"{name}.py" for name in [*own, *modules]]
    return found


def stripped_copy(target: Path, removed: Iterable[str]) -> None:
    """Write a copy of the package to `target`/zbudlab without some kernels ("zbud.zbud_alloc")."""
    copy = target / "zbudlab"
    for path in copied():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / path, copy / path)
    (copy / "jit.py").write_text(plain_jit(), encoding="utf-8")
    (copy / "course" / "__init__.py").write_text(COURSE, encoding="utf-8")
    (copy / "races" / "__init__.py").write_text(RACES, encoding="utf-8")
    by_module: dict[str, set[str]] = {}
    for name in removed:
        module, _, function = name.partition(".")
        by_module.setdefault(module, set()).add(function)
    for module, names in by_module.items():
        path = copy / "mm" / f"{module}.py"
        path.write_text(without(path.read_text("utf-8"), names), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("worker.py"), target)
    lines = [f"{name + ':':15} {size:8} kB\n" for name, size in MEMINFO.items()]
    (target / "meminfo").write_text("".join(lines), encoding="utf-8")
    compileall.compile_dir(
        target, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
