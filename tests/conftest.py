"""What every test relies on; the first lines run before NumPy is imported."""

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

for variable in (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
):
    os.environ.setdefault(variable, "1")
os.environ["MPLBACKEND"] = "Agg"


# A machine that is busy with something else is no reason to fail.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _close_figures():
    """Close the figures of a test, where it opened any."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
