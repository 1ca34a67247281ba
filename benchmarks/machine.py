"""Facts about the machine that readers of the results need; none that identify it."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from threadpoolctl import threadpool_info

from skdnn.network.dispatchers import hash_of_sources

_PACKAGES = ("numpy", "scipy", "scikit-learn", "numba", "torch")


def machine_facts() -> dict[str, object]:
    """Return versions, the number of CPUs, vector extensions and BLAS kernels."""
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "skdnn_sources": hash_of_sources(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "cpus": os.cpu_count(),
        "simd": _simd(),
        "blas": _blas_kernels(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _simd() -> list[str]:
    config = np.show_config(mode="dicts")
    return list(config.get("SIMD Extensions", {}).get("found", []))


def _blas_kernels() -> list[str]:
    libraries = [lib for lib in threadpool_info() if lib["user_api"] == "blas"]
    names = {
        " ".join(
            str(lib[key])
            for key in ("internal_api", "version", "architecture")
            if lib.get(key)
        )
        for lib in libraries
    }
    return sorted(names)
