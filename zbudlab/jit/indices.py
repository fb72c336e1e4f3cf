"""Numba's compiler with unsigned array indices and deferred code generation."""

import importlib.util
from typing import Any

from numba.core import ir as numba_ir
from numba.core import types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.typed_passes import NativeLowering, NopythonTypeInference

from zbudlab.jit.deferred import Lowering


def _load_array_functions() -> None:
    """Load numba's array functions without SciPy's linear algebra, a third of the first call.

    Numba loads it only to see whether it exists; compiling a matrix product loads it later.
    """
    from numba.np import linalg

    if importlib.util.find_spec("scipy") is None:
        return
    ensure, linalg.ensure_blas = linalg.ensure_blas, lambda: None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = ensure


_load_array_functions()


@register_pass(mutates_CFG=False, analysis_only=False)
class _NaturalIndices(FunctionPass):
    """Makes every array index unsigned, which removes the test for negative indices.

    Kernels have no negative indices, but the compiler cannot know, and the extra instructions
    separate each load from the next (measured: a third of a radix tree lookup).
    """

    _name = "zbudlab_natural_indices"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        for block in state.func_ir.blocks.values():
            block.body = [new for old in block.body for new in self._rewritten(state, old)]
        return True

    def _rewritten(self, state: Any, statement: Any) -> list[Any]:
        """Return the statement, preceded by a conversion if it uses a signed index."""
        indexing = statement
        if isinstance(statement, numba_ir.Assign):
            indexing = statement.value
        array = _indexed(indexing)
        if array is None or not isinstance(state.typemap[array.name], types.Array):
            return [statement]
        index = state.typemap[indexing.index.name]
        if index not in types.signed_domain:
            return [statement]
        scope, place = indexing.index.scope, statement.loc
        natural = scope.redefine("$natural", place)
        state.typemap[natural.name] = types.uintp
        conversion = numba_ir.Assign(numba_ir.Expr.cast(indexing.index, place), natural, place)
        signature = state.calltypes.pop(indexing)
        indexing.index = natural
        arguments = (signature.args[0], types.uintp, *signature.args[2:])
        state.calltypes[indexing] = signature.replace(args=arguments)
        return [conversion, statement]


def _indexed(indexing: Any) -> Any:
    """Return the variable whose element an expression or statement takes, or None."""
    if isinstance(indexing, numba_ir.SetItem):
        return indexing.target
    if isinstance(indexing, numba_ir.Expr) and indexing.op == "getitem":
        return indexing.value
    return None


class Compiler(CompilerBase):
    """Numba's compiler with `_NaturalIndices` and `Lowering`."""

    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.add_pass_after(_NaturalIndices, NopythonTypeInference)
        names = [each for each, _ in pipeline.passes]
        pipeline.passes[names.index(NativeLowering)] = (Lowering, "native lowering")
        pipeline.finalize()
        return [pipeline]
