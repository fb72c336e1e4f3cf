"""LLVM's part of the build: bitcode of all entries in, one WebAssembly object out."""

import itertools
import re
from collections.abc import Iterable

import llvmlite.binding as llvm

TRIPLE = "wasm32-unknown-unknown"
#: Of the processor: what every browser has had since 2021 (memcpy and memset as instructions).
FEATURES = "+bulk-memory,+sign-ext,+nontrapping-fptoint,+mutable-globals"
SPEED = 3  #: the optimisation level, as numba's
#: Loop strength reduction prepares values ahead of loops, in additional variables; most of our
#: loops run once or twice. Without it a module is 3 % smaller, and V8 runs the allocator faster.
WITHOUT_STRENGTH_REDUCTION = "-disable-lsr"
#: The address of a field: a constant distance from another address, not known to stay in bounds.
FIELD = re.compile(r"getelementptr (i(?:8|16|32|64), ptr %[^,]+, i(?:32|64) \d{1,4})(?=[\s,])")

#: A prefetch of LLVM's, and its address.
PREFETCH = re.compile(r"(?:tail )?call void @llvm\.prefetch\.\w+\(ptr [^%]*(%[^,]+),[^)]*\)")


def _machine() -> llvm.TargetMachine:
    """Return LLVM's description of the target."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(TRIPLE)
    return target.create_target_machine(features=FEATURES, opt=SPEED, reloc="static")


def wasm_object(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Link wrappers with their kernels for WebAssembly and return the object file.

    Wrappers come first: LLVM drops a kernel that may be inlined as long as nothing uses it. LLVM's
    options are those of the whole process, so it should do nothing else.
    """
    llvm.set_option("zbudlab", WITHOUT_STRENGTH_REDUCTION)
    machine = _machine()
    wrappers, kernels = zip(*parts, strict=True)
    whole = llvm.parse_assembly("")
    _retarget(whole, machine)
    for module in [*map(llvm.parse_assembly, wrappers), *map(llvm.parse_bitcode, kernels)]:
        _retarget(module, machine)
        whole.link_in(module)
    _keep_only_exports(whole, {name for text in wrappers for name in _defined(text)})
    whole = _rewritten(whole)
    _optimise(whole, machine)
    return bytes(machine.emit_object(whole))


def _retarget(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    module.triple = TRIPLE
    module.data_layout = str(machine.target_data)


def _defined(text: str) -> list[str]:
    """Return the functions that a wrapper defines."""
    return [f.name for f in llvm.parse_assembly(text).functions if not f.is_declaration]


def _keep_only_exports(module: llvm.ModuleRef, exports: set[str]) -> None:
    """Make everything except the exports internal, so that what nothing uses is dropped."""
    for each in [*module.functions, *module.global_variables]:
        if not each.is_declaration and each.name not in exports:
            each.linkage = "internal"


def _rewritten(module: llvm.ModuleRef) -> llvm.ModuleRef:
    """Return the module in a form that becomes better WebAssembly."""
    return llvm.parse_assembly(with_loads_ahead(_with_fields_in_bounds(str(module))))


def _with_fields_in_bounds(text: str) -> str:
    """Mark every field as being in bounds, in LLVM's text.

    Otherwise LLVM must expect an address to wrap around at 2^32, and cannot make the distance part
    of a load or a store. None of ours wraps: arrays begin above the stack (`describe.STACK_TOP`),
    which is more than the greatest distance that is marked.
    """
    return FIELD.sub(r"getelementptr inbounds nuw \1", text)


def with_loads_ahead(text: str) -> str:
    """Replace every prefetch by a load, in LLVM's text.

    WebAssembly cannot prefetch. A load of a byte that nothing uses brings its cache line just as
    well, as long as several of them follow each other, so that the processor waits for all at once.
    """
    number = itertools.count()
    return PREFETCH.sub(lambda m: f"%ahead.{next(number)} = load volatile i8, ptr {m[1]}", text)


def _optimise(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    options = llvm.create_pipeline_tuning_options(speed_level=SPEED)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
