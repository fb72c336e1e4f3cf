"""Machine code is generated for a kernel when Python calls it, not when another kernel does.

A compiled kernel contains the code of all kernels that it calls. Numba nevertheless generates
machine code for each of those, which only Python could call: of 224 functions compiled for a
machine under pressure, Python calls 12. Here a kernel that was compiled because another one calls
it stays LLVM bitcode, in memory and on disk, until Python needs it.

All of this uses numba's private interfaces; the exact pin of numba covers them.
"""

import contextlib
import operator
from collections.abc import Iterator
from typing import Any

from llvmlite import binding as llvm
from numba.core import sigutils
from numba.core.caching import CompileResultCacheImpl
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering
from numba.core.types.misc import unliteral

from zbudlab.jit.cache import Files

NOGIL = True  #: kernels run without Python's lock
_compiling: list[Any] = []  #: the kernels being compiled; each is needed by the one before it
#: Returns the LLVM bitcode of a compiled kernel, which numba keeps with each result.
code_of = operator.attrgetter("library")


@contextlib.contextmanager
def without_machine_code() -> Iterator[None]:
    """Compile kernels into LLVM's form alone within a block, as if other kernels called them.

    Generating machine code changes that form: it is rewritten for this computer's processor.
    """
    with global_compiler_lock:
        _compiling.append(None)
        try:
            yield
        finally:
            _compiling.pop()


class _Deferred:
    """A placeholder for the machine code of a kernel that only compiled code has called."""


class _Code(JITCodeLibrary):
    """The code of one kernel; machine code is generated when an address is asked for.

    Generating it rewrites the form that callers inline. They get the form from before, as their
    speed would otherwise depend on whether Python called the kernel first. `rewritten` kernels
    differ: their callers always get the form from after.
    """

    _shared_module: Any  #: numba's: what callers inline
    generated = False
    rewritten = False
    exported = ""  #: the name of a function that stays even if nothing here calls it

    def _optimize_final_module(self) -> None:
        if self.exported:
            self._final_module.get_function(self.exported).linkage = "external"
        super()._optimize_final_module()

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return the address of a function."""
        self._ensure_finalized()
        if not self.generated:
            self.generated = True
            if not self.rewritten and self._shared_module is None:
                self._shared_module = self._get_module_for_linking().clone()
            self._dynamic_globals.clear()
            super()._finalize_final_module()
        address: int = super().get_pointer_to_function(name)
        return address

    @classmethod
    def read(cls, codegen: Any, name: str, bitcode: bytes) -> "_Code":
        """Return the code from what `_Cached.reduce` wrote."""
        code = cls(codegen, name)
        code.enable_object_caching()
        code._final_module = llvm.parse_bitcode(bitcode)
        code._finalize_final_module()
        return code


@register_pass(mutates_CFG=True, analysis_only=False)
class Lowering(NativeLowering):
    """Numba's last pass, into a `_Code`; no machine code if another kernel calls this one."""

    _name = "zbudlab_lowering"

    def run_pass(self, state: Any) -> bool:
        code = state["library"] = _Code(state.targetctx.codegen(), state.func_id.func_qualname)
        code.enable_object_caching()
        code.rewritten = None not in _compiling and _compiling[-1].rewritten
        inner = len(_compiling) > 1 and not code.rewritten
        state.flags.no_compile = state.flags.no_cpython_wrapper = inner
        super().run_pass(state)
        if inner:
            lowered = state["cr"] = state["cr"]._replace(cfunc=_Deferred())
            state.targetctx.insert_user_function(lowered.cfunc, lowered.fndesc, [code])
            state.reload_init.extend(code._reload_init)
        return True


class _Cached(CompileResultCacheImpl):
    """How kernels are cached on disk; those without machine code as LLVM bitcode."""

    def reduce(self, result: Any) -> Any:
        """Return the parts of a compiled kernel that go to disk."""
        if not isinstance(result.entry_point, _Deferred):
            names = [each.name for each in code_of(result).get_defined_functions()]
            return names, result._reduce()
        result.fndesc.typemap = result.fndesc.calltypes = None
        code = code_of(result)
        environments = tuple(result._find_referenced_environments())
        kept = (result.fndesc, result.environment, result.signature, result.reload_init)
        return _Deferred, code.name, code._final_module.as_bitcode(), environments, kept

    def rebuild(self, context: Any, kept: Any) -> Any:
        """Rebuild a compiled kernel from what `reduce` returned."""
        if kept[0] is not _Deferred:
            names, compiled = kept
            context.codegen()._engine._defined_symbols.update(names)
            return super().rebuild(context, compiled)
        _, name, bitcode, environments, (described, environment, signature, start) = kept
        for function in start:
            function()
        fields = dict.fromkeys(CompileResult._fields)
        fields |= {
            "target_context": context,
            "typing_context": context.typing_context,
            "library": _Code.read(context.codegen(), name, bitcode),
            "environment": environment,
            "entry_point": _Deferred(),
            "fndesc": described,
            "signature": signature,
            "objectmode": False,
            "lifted": (),
            "reload_init": start,
            "referenced_envs": environments,
        }
        return CompileResult(**fields)


class Kernel(CPUDispatcher):
    """A compiled function: compiled once for all integers, not again for each constant."""

    rewritten = False  #: see `_Code`

    def keep_on_disk(self) -> None:
        """Cache this kernel on disk through `_Cached`, in `Files`."""
        self._cache._impl.__class__ = _Cached
        self._cache._cache_file.__class__ = Files

    def get_call_template(self, given: Any, by_name: dict[str, Any]) -> Any:
        """Return how compiled code calls this kernel with arguments of these types."""
        by_name = {name: unliteral(each) for name, each in by_name.items()}
        return super().get_call_template(tuple(map(unliteral, given)), by_name)

    def add_overload(self, result: Any) -> None:
        """Remember a result; a call from Python finds it only if it has machine code."""
        if isinstance(result.entry_point, _Deferred):
            self.overloads[tuple(result.signature.args)] = result
        else:
            super().add_overload(result)

    def compile(self, signature: Any) -> Any:
        """Compile for these argument types, and return the entry point."""
        with global_compiler_lock:
            _compiling.append(self)
            try:
                super().compile(signature)
                result = self.overloads[tuple(sigutils.normalize_signature(signature)[0])]
                if len(_compiling) == 1 and isinstance(result.entry_point, _Deferred):
                    result = self._generated(result)
                    self._cache.save_overload(signature, result)
            finally:
                _compiling.pop()
        return result.entry_point

    def _generated(self, result: Any) -> Any:
        """Generate machine code for a deferred result. Return the result that replaces it.

        Python calls newly generated code into which the deferred code is linked.
        """
        context, described, env = result.target_context, result.fndesc, result.environment
        code = _Code(context.codegen(), code_of(result).name)
        code.enable_object_caching()
        code.add_linking_library(code_of(result))
        code._shared_module = code_of(result)._get_module_for_linking()
        code.exported = described.llvm_func_name
        context.create_cpython_wrapper(code, described, env, result.call_helper, NOGIL)
        entry = context.get_executable(code, described, env)
        for environment in result._find_referenced_environments():
            code.codegen.set_env(environment.env_name, environment)
        context.insert_user_function(entry, described, [code])
        result = result._replace(entry_point=entry, library=code)
        self.add_overload(result)
        return result
