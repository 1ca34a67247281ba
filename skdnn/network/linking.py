"""Machine code that calls nobody's copy of a function but its own.

Numba links into an entry a copy of each function that it calls, optimises the whole,
and keeps it in the cache. It also compiles each of these functions alone, and marks
all copies as interchangeable. They are not: within an entry the compiler knows more
about the arguments, so it reorders sums in another way. In the process that compiles,
a call that was not inlined finds the function that was compiled alone; in a process
that loads the entry from the cache it finds the copy that the entry brings. The same
fit then differs in its last bits.

Here the copies are made internal to their entry before it is optimised: there is no
other to be found. The compiler can drop those that it has inlined, too. They get names
of their own, since the linker enters internal names into its table, as well: another
function that looks for one by its old name would be sent to a copy that has been
changed for the calls of its entry alone, arguments and all.
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
        """Do nothing: there is no machine code to hand it to."""


class _LinkedLibrary(JITCodeLibrary):
    """The code of a function that only entries call: theirs is what runs.

    It is optimised, to be linked into them, but no machine code is made of it.
    """

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        """Say that there is no machine code."""
        return 0

    @property
    def codegen(self):
        """What would hand an environment to the machine code, if there were any."""
        return _NoMachineCode


class _IntoLibrary(AnalysisPass):
    """Have the code that is lowered next go into a library of one kind."""

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
        """Compile, without a break for the collector of garbage."""
        with collector_paused():
            return super().compile_extra(func)

    def define_pipelines(self):
        """Return Numba's own passes, and one just before lowering."""
        return [_passes_with(_Close, self.state)]


class OnlyLinked(CompilerBase):
    """The same for what only entries call; without ``no_cpython_wrapper`` it fails."""

    def define_pipelines(self):
        """Return Numba's own passes, and one just before lowering."""
        return [_passes_with(_OnlyLink, self.state)]


def _passes_with(into_library, state):
    passes = DefaultPassBuilder.define_nopython_pipeline(state)
    passes.add_pass_after(into_library, AnnotateTypes)
    passes.finalize()
    return passes
