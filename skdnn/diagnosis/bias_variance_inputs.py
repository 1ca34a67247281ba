"""What the rows of a report are like for the network that they are given to."""

import numpy as np
from scipy import sparse

from skdnn.diagnosis.bias_variance_findings import Finding
from skdnn.diagnosis.bias_variance_remedies import Remedy
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.checks.scales import Arrays, findings_of
from skdnn.estimators.rows import Rows, rows_to_predict
from skdnn.estimators.unwrapping import unwrap


def findings_of_inputs(estimator, train, dev) -> tuple[Finding, ...]:
    """Return what a fit warns of, of rows as the network inside sees them.

    Parameters
    ----------
    estimator : fitted estimator
        One without a network of ours inside has no such findings.
    train, dev : (X, y)
        Rows as the estimator is given them.
    """
    unwrapped = unwrap(estimator)
    net = unwrapped.model
    if not isinstance(net, BaseMLPRegularized):
        return ()
    (X, y), (X_dev, _) = (unwrapped.rows(*part, refit=False) for part in (train, dev))
    as_seen = " (transformed)" if unwrapped.transformers else ""
    found = findings_of(
        net,
        Rows(rows_to_predict(net, X), y if sparse.issparse(y) else np.asarray(y)),
        Rows(rows_to_predict(net, X_dev), None),
        Arrays(
            f"X_train{as_seen}",
            "y_train",
            f"X_dev{as_seen}",
            f"{type(net).__name__}(...)",
        ),
    )
    return tuple(
        Finding(one.code, one.text, {"figure": one.figure}, (Remedy(one.cure),))
        for one in found
    )
