"""Machine code that calls only its own copies of functions.

Numba links a copy of each called function into an entry, optimises the whole and caches
it. It also compiles each of these functions alone, and marks all copies as
interchangeable. They are not: within an entry the compiler knows more about the
arguments, so it reorders sums differently. In the process that compiles, a call that
was not inlined resolves to the function compiled alone; in a process that loads the
entry from the cache, to the copy in the entry. The same fit then differs in its last
bits.

Here the copies are made internal to their entry before it is optimised, so a call
cannot resolve to any other. The compiler can also drop those that it has inlined. The
copies are renamed, since the linker's table also has internal names: a lookup by the
old name would find a copy that was optimised, arguments included, for the calls of one
entry.
"""

import hashlib

from llvmlite.binding import Linkage
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import AnnotateTypes

from skdnn.network.compile_time import collector_paused


class _ClosedLibrary(JITCodeLibrary):
    """The machine code of one entry."""

    def _optimize_final_module(self):
        defined = [f for f in self._final_module.functions if not f.is_declaration]
        copies = [f for f in defined if f.linkage == Linkage.linkonce_odr]
        own = [f.name for f in defined if f.linkage == Linkage.external]
        suffix = hashlib.sha256("\n".join(own).encode()).hexdigest()[:16]
        for function in copies:
            function.linkage = Linkage.internal
            function.name = f"{function.name}.{suffix}"
        super()._optimize_final_module()


class _NoMachineCode:
    @staticmethod
    def set_env(name, environment):
        """Do nothing: there is no machine code that needs it."""


class _LinkedLibrary(JITCodeLibrary):
    """The code of a function that only entries call.

    It is optimised and linked into them; no machine code is generated for it alone.
    """

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        """Return 0: there is no machine code."""
        return 0

    @property
    def codegen(self):
        """A stand-in for the code generator, which would set an environment."""
        return _NoMachineCode


class _IntoLibrary(AnalysisPass):
    """A pass that puts the code that is lowered next into a library of one kind."""

    kind: type[JITCodeLibrary]

    def __init__(self):  # abstract in Numba
        super().__init__()

    def run_pass(self, state):
        name = state.func_id.func_qualname
        state.library = self.kind(state.targetctx.codegen(), name)
        state.library.enable_object_caching()  # as Numba does for its own
        return False


@register_pass(mutates_CFG=False, analysis_only=True)
class _Close(_IntoLibrary):
    _name = "skdnn_close_library"
    kind = _ClosedLibrary


@register_pass(mutates_CFG=False, analysis_only=True)
class _OnlyLink(_IntoLibrary):
    _name = "skdnn_only_link"
    kind = _LinkedLibrary


class SelfContained(CompilerBase):
    """Numba's compiler for entries: ``njit(pipeline_class=SelfContained)``."""

    def compile_extra(self, func):
        """Compile with the garbage collector paused."""
        with collector_paused():
            return super().compile_extra(func)

    def define_pipelines(self):
        """Return Numba's own passes, and one just before lowering."""
        return [_passes_with(_Close, self.state)]


class OnlyLinked(CompilerBase):
    """The same for functions that only entries call; needs ``no_cpython_wrapper``."""

    def define_pipelines(self):
        """Return Numba's own passes, and one just before lowering."""
        return [_passes_with(_OnlyLink, self.state)]


def _passes_with(into_library, state):
    passes = DefaultPassBuilder.define_nopython_pipeline(state)
    passes.add_pass_after(into_library, AnnotateTypes)
    passes.finalize()
    return passes
