"""What is said where there is no cluster; no fixture of this file makes one."""

import numpy as np
import pytest
from dask import array as da

from skdnn.dask import DaskMLPRegularizedClassifier


def test_no_cluster_is_said_at_once():
    X, y = da.from_array(np.eye(4)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"no current client. .*Client\(\)"):
        DaskMLPRegularizedClassifier().fit(X, y)
