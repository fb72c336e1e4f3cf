"""The module: small, importing only a memory, described; built again after each change.

Also tests `wasm/binary.py`, `wasm/describe.py`, `wasm/entries.py`, `wasm/link.py`,
`wasm/lowering.py` and `wasm/page_entries.py`.
"""

import ast
import gzip
import importlib
from pathlib import Path

import pytest

from zbudlab import jit, layout
from zbudlab.wasm import BuildError, binary, build, builder, describe, entries, hosted

MOST = 60 * 1024  #: bytes, compressed by gzip
IMPORT = 2


@pytest.fixture(scope="module")
def module():
    return build()


def test_that_of_the_live_pages_is_small():
    assert len(gzip.compress(build(builder.PAGE_ENTRIES).code, 9)) <= MOST


def test_it_imports_memory_and_a_stack_but_no_function(module):
    imports = binary.Reader(dict(binary.sections(module.code))[IMPORT])
    names = []
    for _ in range(imports.number()):
        imports.name()
        names.append(imports.name())
        kind = imports.take(1)[0]
        assert kind != binary.FUNCTION
        imports.take(2)
    assert names == ["__linear_memory", "__stack_pointer"]


def test_it_exports_each_entry_under_its_name(module):
    exports = binary.Reader(dict(binary.sections(module.code))[binary.EXPORT])
    names = []
    for _ in range(exports.number()):
        names.append(exports.name())
        assert exports.take(1)[0] == binary.FUNCTION
        exports.number()
    assert names == [entry.name for entry in entries.entries()]
    assert names == list(module.description["exports"])


def test_the_description_names_parameters_and_results(module):
    exports = module.description["exports"]
    assert exports["zbud.zbud_alloc"]["parameters"] == ["mem", "int", "int", "int"]
    assert exports["zbud.zbud_alloc"]["results"] == 1
    assert exports["compaction.rescan"]["results"] == 0
    assert exports["lru.first_fault"]["results"] == 2
    assert exports["list_head.list_entries.rows"]["kernel"] == "list_head.list_entries"
    moves, control, taken, _ = exports["interpreter.run_scripts"]["parameters"][1]
    assert moves == {"dtype": "migration", "ndim": 1}
    assert control == {"dtype": "compact_control", "ndim": 1}
    assert taken == {"dtype": "int64", "ndim": 1}


def test_the_description_has_the_layout(module):
    page = module.description["dtypes"]["page"]
    assert page["itemsize"] == layout.page.itemsize
    assert page["fields"]["next"] == ["uint32", 0, 1]
    assert page["fields"]["refcount"] == ["int32", layout.page.fields["refcount"][1], 0]
    constants = module.description["constants"]
    assert constants["FRAME_ORDER_SHIFT"] == layout.FRAME_ORDER_SHIFT
    assert constants["MIGRATE_MOVABLE"] == layout.MIGRATE_MOVABLE
    assert module.description["stack_top"] == describe.STACK_TOP


def test_the_same_entry_of_two_types_has_two_names():
    names = [entry.name for entry in entries.entries()]
    assert len(set(names)) == len(names)
    assert set(jit.KERNELS) >= {entry.kernel for entry in entries.entries()}


def functions(body):
    """Functions and methods that are not kernels."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from functions(node.body)
            continue
        decorators = map(ast.dump, getattr(node, "decorator_list", []))
        if isinstance(node, ast.FunctionDef) and not any("kernel" in each for each in decorators):
            yield node


def kernels_called(module):
    """Kernels that a module's Python functions name, as `module.function`."""
    known = {id(compiled): name for name, compiled in jit.KERNELS.items()}
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    for function in functions(tree.body):
        for node in ast.walk(function):
            if isinstance(node, ast.Name):
                value = getattr(module, node.id, None)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                value = getattr(getattr(module, node.value.id, None), node.attr, None)
            else:
                continue
            if id(value) in known:
                yield known[id(value)]


@pytest.mark.parametrize("package", ["conformance", "machine", "mm", "swap"])
def test_every_kernel_that_a_machine_calls_is_exported(package):
    exported = {entry.kernel for entry in entries.entries()} | set(hosted.NATIVE)
    missing = set()
    for path in (Path(jit.__file__).parents[1] / package).glob("[!_]*.py"):
        module = importlib.import_module(f"zbudlab.{package}.{path.stem}")
        missing |= set(kernels_called(module)) - exported
    assert missing == set()


def test_a_change_of_a_source_builds_anew(monkeypatch, tmp_path):
    before = builder._key(builder.ENTRIES)
    assert builder._key(builder.ENTRIES) == before
    (tmp_path / "new.py").write_text("x = 1\n")
    monkeypatch.setattr(builder, "SOURCES", (*builder.SOURCES, str(tmp_path)))
    assert builder._key(builder.ENTRIES) != before


def test_a_build_that_fails_says_why():
    with pytest.raises(BuildError, match="list_head"):
        build("tests.wasm.no_kernel")


@pytest.mark.parametrize("source", ["1e5", "", ".x", "json", "no_such_module"])
def test_a_source_without_entries_is_refused(source):
    with pytest.raises(ValueError, match=r"source must be a Python module with entries\(\), not"):
        build(source)


def test_only_webassembly_is_read():
    with pytest.raises(ValueError, match="not a WebAssembly module"):
        list(binary.sections(b"\x7fELF\x02\x01\x01\x00"))


@pytest.mark.parametrize("value", [0, 1, 127, 128, 2**14, 2**32 - 1])
def test_numbers_are_written_as_they_are_read(value):
    assert binary.Reader(binary.number(value)).number() == value
