"""Tests are found by name, do not import each other, and there is no import circle."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
MODULES = sorted((ROOT / "zbudlab").rglob("*.py"))
PLAIN = ("__init__.py", "__main__.py")


def tree(path):
    return ast.parse(path.read_text("utf-8"))


def is_module(name):
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imports(path):
    """Names that a file imports, lazily or for types only included, as dotted paths."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            submodules = [name for name in names if is_module(name)]
            yield from submodules
            if len(submodules) < len(names):
                yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_each_module_has_a_test_of_its_name_or_is_named_where_it_is_tested():
    tops = " ".join(ast.get_docstring(tree(path)) or "" for path in TESTS)
    missing = []
    for path in MODULES:
        name = path.relative_to(ROOT / "zbudlab")
        expected = ROOT / "tests" / name.parent / f"test_{name.name}"
        if path.name not in PLAIN and not expected.exists() and f"`{name.as_posix()}`" not in tops:
            missing.append(name.as_posix())
    assert missing == []


def test_a_test_names_only_modules_that_exist():
    tops = " ".join(ast.get_docstring(tree(path)) or "" for path in TESTS)
    listed = {word for word in tops.split("`") if word.endswith(".py") and "/" in word}
    known = {path.relative_to(ROOT / "zbudlab").as_posix() for path in MODULES}
    assert {name for name in listed if not (ROOT / name).exists()} <= known


def test_no_test_imports_another():
    tests = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in TESTS}
    found = {str(path) for path in TESTS if tests & set(imports(path))}
    assert found == set()


def test_the_package_root_is_small():
    assert len(list((ROOT / "zbudlab").glob("*.py"))) <= 6


def test_there_is_no_import_circle():
    names = {}
    for path in MODULES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    above = {name: names.keys() & set(imports(path)) - {name} for name, path in names.items()}
    while free := {name for name, needed in above.items() if not needed & above.keys()}:
        above = {name: needed for name, needed in above.items() if name not in free}
    assert sorted(above) == []
