"""The module: small, importing only a memory, described; built again after each change.

Also tests `wasm/binary.py`, `wasm/describe.py`, `wasm/entries.py`, `wasm/link.py`,
`wasm/lowering.py` and `wasm/page_entries.py`.
"""

import ast
import gzip
import importlib
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from zbudlab import jit, layout
from zbudlab.wasm import BuildError, binary, build, builder, describe, entries, hosted, link

MOST = 60 * 1024  #: bytes, compressed by gzip


@pytest.fixture(scope="module")
def module():
    return build()


def test_that_of_the_live_pages_is_small():
    assert len(gzip.compress(build(builder.PAGE_ENTRIES).code, 9)) <= MOST


PREFETCHING = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
define i64 @ahead(ptr %row) {
  %line = getelementptr i8, ptr %row, i64 64
  call void @llvm.prefetch.p0(ptr %row, i32 0, i32 3, i32 1)
  tail call void @llvm.prefetch.p0(ptr nonnull %line, i32 0, i32 3, i32 1)
  ret i64 0
}
"""


def test_what_native_code_prefetches_the_module_loads():
    text = link.with_loads_ahead(str(llvm.parse_assembly(PREFETCHING)))
    (ahead,) = (f for f in llvm.parse_assembly(text).functions if f.name == "ahead")
    found = [str(each).strip() for block in ahead.blocks for each in block.instructions]
    assert [each.partition(" = ")[2] for each in found if "load" in each] == [
        "load volatile i8, ptr %row, align 1",
        "load volatile i8, ptr %line, align 1",
    ]
    assert not [each for each in found if "call" in each]


def test_it_imports_nothing(module):
    assert binary.IMPORT not in dict(binary.sections(module.code))


def test_it_exports_its_memory_and_each_entry_under_its_name(module):
    exports = binary.Reader(dict(binary.sections(module.code))[binary.EXPORT])
    names, kinds = [], []
    for _ in range(exports.number()):
        names.append(exports.name())
        kinds.append(exports.take(1)[0])
        exports.number()
    assert names == [*(entry.name for entry in entries.entries()), "memory"]
    assert names == [*module.description["exports"], "memory"]
    assert kinds == [binary.FUNCTION] * (len(names) - 1) + [binary.OF_MEMORY]


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


def import_of(name, kind, *rest):
    return binary.number(1) + b"\3env" + binary.number(len(name)) + name + bytes([kind, *rest])


def test_imports_are_read():
    assert binary.imported(import_of(b"m", binary.OF_MEMORY, 0, 1)) == [(binary.OF_MEMORY, "m")]
    assert binary.imported(import_of(b"m", binary.OF_MEMORY, 1, 1, 9)) == [(binary.OF_MEMORY, "m")]
    assert binary.imported(import_of(b"g", binary.OF_GLOBAL, 127, 1)) == [(binary.OF_GLOBAL, "g")]


def test_an_object_that_needs_a_function_is_refused():
    with pytest.raises(ValueError, match="the object imports memcpy, which is neither"):
        binary.imported(import_of(b"memcpy", binary.FUNCTION, 0))


def test_an_object_that_needs_another_global_is_refused():
    imports = import_of(b"__table_base", binary.OF_GLOBAL, 127, 0)
    linking = b"\7linking" + binary.number(2)
    parts = [(binary.CUSTOM, linking), (binary.IMPORT, imports)]
    made = binary.HEADER + b"".join(bytes([k]) + binary.number(len(c)) + c for k, c in parts)
    with pytest.raises(ValueError, match="the object imports __table_base, which a module does"):
        binary.module_of(made, describe.STACK_TOP)


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [(0, b"\0"), (63, b"\x3f"), (64, b"\xc0\0"), (-1, b"\x7f"), (131072, b"\x80\x80\x08")],
)
def test_signed_numbers_are_those_of_the_specification(value, bytes_):
    assert binary.signed(value) == bytes_


@pytest.mark.parametrize("value", [0, 1, 127, 128, 2**14, 2**32 - 1])
def test_numbers_are_written_as_they_are_read(value):
    assert binary.Reader(binary.number(value)).number() == value
