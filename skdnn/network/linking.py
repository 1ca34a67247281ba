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


@register_pass(mutates_CFG=False, analysis_only=True)
class _CloseLibrary(AnalysisPass):
    """Have the code that is lowered next go into a library of this kind."""

    _name = "skdnn_close_library"

    def __init__(self):  # abstract in Numba
        super().__init__()

    def run_pass(self, state):
        name = state.func_id.func_qualname
        state.library = _ClosedLibrary(state.targetctx.codegen(), name)
        state.library.enable_object_caching()  # as Numba does for its own
        return False


class SelfContained(CompilerBase):
    """Numba's compiler for entries: ``njit(pipeline_class=SelfContained)``."""

    def define_pipelines(self):
        """Return Numba's own passes, and the one above just before lowering."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_CloseLibrary, AnnotateTypes)
        passes.finalize()
        return [passes]
