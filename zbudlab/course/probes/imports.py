"""What a submission can import in the grading sandbox, and what replaces the rest.

The grading sandbox and `zbudlab check` follow the same rules: the standard library, `LIBRARIES`
and `PACKAGE` are there; modules in `IDLE` can be imported and do nothing; everything else is
refused with one sentence.
"""

import builtins
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any, NoReturn

#: Installed packages in the sandbox: what the machine needs.
LIBRARIES = ("numpy", "cramjam", "lz4", "zstandard", "psutil", "tqdm")

#: The modules of zbudlab in the sandbox, by package. A module that is not listed is not copied.
#: Packages' own `__init__.py` are copied, except those in `REPLACED`.
PACKAGE: dict[str, tuple[str, ...]] = {
    "": ("_version", "profiles"),
    "analysis": ("blockers", "ownership"),
    "conformance": (
        "buddy",
        "compact",
        "difference",
        "frame_stack",
        "pool",
        "radix",
        "trace",
        "zbud",
        "z3fold",
        "zsmalloc",
        "zspages",
        "zswap",
        "zswap61",
        "zswap7",
        "zswap7_world",
        "zswap_settings",
        "zswap_world",
    ),
    "content": ("compressors", "sources"),
    "course": ("contract",),
    "course.probes": (
        "basic",
        "cells",
        "direct",
        "e01_pages",
        "e02_buddy",
        "e03_radix",
        "e06_migrate",
        "e08_experiment",
        "e09_races",
        "e10_zsmalloc",
        "imports",
        "machines",
        "traces",
    ),
    "driver": ("faults", "log", "reclaim", "work"),
    "io": ("arguments", "files", "streams", "values"),
    "layout": (
        "cgroups",
        "driver",
        "errors",
        "memory",
        "pools",
        "races",
        "traces",
        "z3fold",
        "zsmalloc",
    ),
    "machine": (
        "cgroups",
        "chains",
        "checks",
        "cma",
        "config",
        "core",
        "distinct",
        "driven",
        "errors",
        "explain",
        "freelists",
        "keyframes",
        "logfile",
        "machine",
        "notes",
        "operations",
        "oplog",
        "paging",
        "peek",
        "piles",
        "pool_chains",
        "proof",
        "settings",
        "snapshots",
    ),
    "mainjob": ("job",),
    "mm": (
        "bootmem",
        "cma",
        "compaction",
        "compaction_scan",
        "crypto",
        "growth",
        "inspection",
        "list_head",
        "lru",
        "mem",
        "memory",
        "migrate",
        "page",
        "page_alloc",
        "page_alloc_check",
        "page_io",
        "page_isolation",
        "page_poison",
        "radix_tree",
        "state",
        "swapfile",
        "vmscan",
        "vmstat",
        "z3fold",
        "z3fold_check",
        "z3fold_compact",
        "z3fold_migrate",
        "z3fold_page",
        "z3fold_pool",
        "z3fold_reader",
        "z3fold_tables",
        "z3fold_zpool",
        "zbud",
        "zbud_check",
        "zbud_header",
        "zbud_migrate",
        "zbud_reader",
        "zbud_zpool",
        "zpool",
        "zpool_reader",
        "zsmalloc",
        "zsmalloc_check",
        "zsmalloc_class",
        "zsmalloc_compact",
        "zsmalloc_migrate",
        "zsmalloc_object",
        "zsmalloc_reader",
        "zsmalloc_tables",
        "zsmalloc_zpool",
        "zswap",
        "zswap7",
        "zswap7_check",
        "zswap_cgroup",
        "zswap_check",
        "zswap_entry",
        "zswap_lru",
        "zswap_marks",
        "zswap_pools",
        "zswap_tables",
    ),
    "races": (
        "actors",
        "cast",
        "cma_steps",
        "counter_steps",
        "names",
        "oracles",
        "steps",
        "writeback_steps",
        "zswap_steps",
    ),
    "swap": (
        "areas",
        "compression",
        "device",
        "folios",
        "journal",
        "refusals",
        "settings",
        "stored_pages",
        "swapping",
        "today",
        "writeback",
    ),
}

#: What the sandbox has by these names is written for it (`zbudlab.course.grading.copies`).
REPLACED = ("course", "jit", "races")

#: Modules that cells may import to show things. Every use of them does nothing.
IDLE = (
    "IPython",
    "anywidget",
    "ipywidgets",
    "matplotlib",
    "pandas",
    "pyarrow",
    "scipy",
    "zbudlab.sweep",
    "zbudlab.view",
)


def refusal(name: str) -> str:
    """Return the sentence for a module that the sandbox does not have."""
    return (
        f"{name} is not available where marks are given: calculate with Python, NumPy and "
        "what the exercise imports"
    )


class NotThere(TypeError):
    """Raised when a result depends on a module that is only there to show things."""


class Idle(types.ModuleType):
    """A module, class or object whose every use does nothing.

    Converting one to a number, or calculating with it, raises NotThere with the module's name.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Idle(f"{self.__name__}.{name}")

    def __call__(self, *arguments: Any, **named: Any) -> "Idle":
        return self

    def __getitem__(self, key: Any) -> "Idle":
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        return None

    def __iter__(self) -> Any:
        return iter((self, self))

    def __enter__(self) -> "Idle":
        return self

    def __exit__(self, *raised: object) -> None:
        return None

    def __format__(self, form: str) -> str:
        return repr(self)

    def why(self) -> str:
        """Return the sentence that says what this is."""
        shown = next((name for name in IDLE if self.__name__.startswith(name)), self.__name__)
        return refusal(shown)


def _refuse(idle: Idle, *others: Any) -> NoReturn:
    raise NotThere(Idle.why(idle))


_UNARY = "neg pos abs invert float int index complex round trunc floor ceil len reversed array"
_ORDER = "lt le gt ge contains"
_BINARY = "add sub mul truediv floordiv mod divmod pow matmul lshift rshift and or xor"
for _name in [
    *_UNARY.split(),
    *_ORDER.split(),
    *(f"{side}{name}" for name in _BINARY.split() for side in ("", "r", "i")),
]:
    setattr(Idle, f"__{_name}__", _refuse)


def is_idle(name: str) -> bool:
    """Return whether a module is one that does nothing in the sandbox."""
    return any(name == idle or name.startswith(f"{idle}.") for idle in IDLE)


def _modules() -> set[str]:
    """Return the full names of the listed modules and packages of zbudlab."""
    found = {"zbudlab", *(f"zbudlab.{name}" for name in REPLACED)}
    for package, names in PACKAGE.items():
        base = f"zbudlab.{package}".rstrip(".")
        found |= {base, *(f"{base}.{name}" for name in names)}
    return found


MODULES = frozenset(_modules())


def is_available(name: str) -> bool:
    """Return whether the sandbox has a module, as `import` names it."""
    top = name.partition(".")[0]
    if top == "zbudlab":
        return name in MODULES
    return top in LIBRARIES or top in sys.stdlib_module_names or top == "__main__"


class Finder:
    """The last finder of the sandbox's imports: idle modules, and the refusal of all others."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if is_idle(name):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]
        if not is_available(name) and "." not in name.removeprefix("zbudlab."):
            raise ModuleNotFoundError(refusal(name), name=name)
        return None

    def create_module(self, spec: Any) -> Idle:
        return Idle(spec.name)

    def exec_module(self, module: Any) -> None:
        module.__path__ = []


def _import(
    name: str, names: Any = None, local: Any = None, items: Sequence[str] = (), level: int = 0
) -> Any:
    """Import as the sandbox does."""
    if level == 0:
        if is_idle(name) and items:
            return Idle(name)
        if not is_idle(name) and not is_available(name):
            raise ModuleNotFoundError(refusal(name), name=name)
        if is_idle(name) and not name.startswith("zbudlab."):
            return Idle(name.partition(".")[0])
    found = builtins.__import__(name, names, local, items, level)
    if level == 0 and items and name.partition(".")[0] == "zbudlab" and hasattr(found, "__path__"):
        return _listed(found, items)
    return found


def _listed(package: Any, items: Sequence[str]) -> Any:
    """Return a package of zbudlab for `from package import items`, as the sandbox has it.

    Raise ModuleNotFoundError for a submodule that is not in the sandbox.
    """
    found: dict[str, Any] = {}
    for item in items:
        full = f"{package.__name__}.{item}"
        value = found[item] = Idle(full) if is_idle(full) else getattr(package, item, None)
        if is_idle(full):
            continue
        if full not in MODULES and (value is None or isinstance(value, types.ModuleType)):
            raise ModuleNotFoundError(refusal(full), name=full)
    if not any(isinstance(value, Idle) for value in found.values()):
        return package
    return types.SimpleNamespace(**vars(package) | found)


def _origin(value: Any) -> str:
    """Return the name of the module that a value is or comes from."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    own = getattr(value, "__module__", None)
    if not isinstance(own, str) or own == "__main__":  # a function compiled here by numba, such as
        own = type(value).__module__
    return own


def replacements(names: dict[str, Any]) -> dict[str, Idle]:
    """Return replacements, by name, for values that the sandbox would not have."""
    found = {}
    for name, value in names.items():
        origin = "" if name.startswith("__") else _origin(value)
        if origin and (is_idle(origin) or not is_available(origin)):
            found[name] = Idle(origin if is_idle(origin) else origin.partition(".")[0])
    return found


def builtins_of_the_sandbox() -> dict[str, Any]:
    """Return builtins whose `import` follows the sandbox's rules, for a notebook's names."""
    return vars(builtins) | {"__import__": _import}
