"""Setup for all tests; thread limits are set before NumPy is imported."""

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


# A busy machine must not fail a test.
settings.register_profile(
    "no_deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("no_deadline")


@pytest.fixture(autouse=True)
def _close_figures():
    """Close the figures that a test has opened."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
