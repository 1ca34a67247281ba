"""The error without a cluster; no fixture of this file may start one."""

import numpy as np
import pytest
from dask import array as da

from skdnn.dask import DaskMLPRegularizedClassifier


def test_a_missing_cluster_is_reported_at_once():
    X, y = da.from_array(np.eye(4)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"no current client. .*Client\(\)"):
        DaskMLPRegularizedClassifier().fit(X, y)
