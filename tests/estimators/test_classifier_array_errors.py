"""Invalid arrays: one clear error names them, and the model is unchanged."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import assert_refused

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y3 = make_rows()
Y2 = make_rows("binary")[1]
MULTI = make_rows("multilabel")[1]
NAN = np.where(np.arange(240).reshape(60, 4) == 17, np.nan, X)
INF = np.where(np.arange(240).reshape(60, 4) == 17, np.inf, X)
ONES = np.ones(60)


def _net(**params):
    defaults = {"hidden_layer_sizes": (6, 3), "max_iter": 4, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


# -- arrays ----------------------------------------------------------------------------

HUGE = X * 1e300
FITS = {
    "X nan": ((NAN, Y3), {}, ["X contains NaN"]),
    "X inf": ((INF, Y3), {}, ["X contains infinity"]),
    "X sparse nan": ((sparse.csr_array(NAN), Y3), {}, ["X contains NaN"]),
    "X text": (
        (X.astype(str)[:, :1] + "a", Y3),
        {},
        ["X has text", "OneHotEncoder"],
    ),
    "X 1-D": ((X[:, 0], Y3), {}, ["Expected 2D array", r"X.*shape \(60,\)"]),
    "X 3-D": (
        (X[:, :, None], Y3),
        {},
        ["X must be a table", r"\(60, 4, 1\)", "reshape"],
    ),
    "X empty": ((X[:0], Y3[:0]), {}, ["0 sample", "minimum of 1"]),
    "X complex": ((X.astype(complex), Y3), {}, ["Complex data not supported"]),
    "y longer": ((X, np.r_[Y3, 0]), {}, ["inconsistent numbers of samples", "60.*61"]),
    "y nan": ((X, np.where(Y3 == 1, np.nan, 0)), {}, ["y contains NaN"]),
    "y continuous": ((X, X[:, 0]), {}, ["Unknown label type: continuous"]),
    "y many outputs": (
        (X, np.c_[Y3, Y3]),
        {},
        ["y should be a 1d array", r"\(60, 2\)"],
    ),
    "weight nan": ((X, Y3, ONES * np.nan), {}, ["sample_weight contains NaN"]),
    "weight inf": ((X, Y3, ONES * np.inf), {}, ["sample_weight contains infinity"]),
    "weight < 0": ((X, Y3, ONES - 2), {}, ["sample_weight has negative", ">= 0"]),
    "weight zero": ((X, Y3, ONES * 0), {}, ["[Ss]ample.weight.*(non-zero|positive)"]),
    "weight short": ((X, Y3, ONES[:9]), {}, [r"sample_weight.*\(60,\).*\(9,\)"]),
    "weight 2-D": ((X, Y3, np.ones((60, 2))), {}, ["[Ss]ample.weight.*1D"]),
    "val, no y": ((X, Y3), {"X_val": X}, ["X_val and y_val", "together", "y_val.$"]),
    "val, no X": ((X, Y3), {"y_val": Y3}, ["X_val and y_val", "missing: X_val.$"]),
    "val weight alone": (
        (X, Y3),
        {"sample_weight_val": ONES},
        ["sample_weight_val", "missing: X_val and y_val"],
    ),
    "X_val nan": ((X, Y3), {"X_val": NAN, "y_val": Y3}, ["X_val contains NaN"]),
    "X_val inf": ((X, Y3), {"X_val": INF, "y_val": Y3}, ["X_val contains infinity"]),
    "X_val columns": (
        (X, Y3),
        {"X_val": X[:, :3], "y_val": Y3},
        ["X_val has 3 features", "X has 4"],
    ),
    "X_val 1-D": ((X, Y3), {"X_val": X[0], "y_val": Y3}, ["X_val", "2D array"]),
    "X_val names": (
        (pd.DataFrame(X, columns=list("abcd")), Y3),
        {"X_val": pd.DataFrame(X, columns=list("abdc")), "y_val": Y3},
        ["X_val", "[Ff]eature names should match"],
    ),
    "y_val length": ((X, Y3), {"X_val": X, "y_val": Y3[:9]}, ["y_val", "60.*9"]),
    "y_val class": (
        (X, Y2),
        {"X_val": X, "y_val": Y2 + 1},
        ["y_val has labels", "training rows: 2", "0, 1"],
    ),
    "y_val nan": (
        (X, Y3),
        {"X_val": X, "y_val": ONES * np.nan},
        ["y_val contains NaN"],
    ),
    "y_val text": ((X, Y3), {"X_val": X, "y_val": Y3.astype(str)}, ["y_val", "'0'"]),
    "y_val mixed": (
        (X, np.array(["a", "b", "c"], object)[Y3]),
        {"X_val": X, "y_val": np.array([1, "b", "c"], object)[Y3]},
        ["y_val", "types", "1 .number. and 'b' .text."],
    ),
    "y_val labels": (
        (X, MULTI),
        {"X_val": X, "y_val": MULTI[:, :2]},
        ["y_val must be a label indicator with 3 columns", r"\(60, 2\)"],
    ),
    "y_val indicator": (
        (X, MULTI),
        {"X_val": X, "y_val": 2 * MULTI},
        ["y_val must be a label indicator of 0 and 1"],
    ),
    **{
        f"weight_val {case}": (
            (X, Y3),
            {"X_val": X, "y_val": Y3, "sample_weight_val": weight},
            ["sample_weight_val", *words],
        )
        for case, weight, words in [
            ("nan", ONES * np.nan, ["NaN"]),
            ("< 0", ONES - 2, ["negative", "-1 in row 0"]),
            ("zero", ONES * 0, ["non-zero|positive"]),
            ("short", ONES[:9], [r"\(60,\).*\(9,\)"]),
        ]
    },
}


@pytest.mark.parametrize("case", FITS)
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("warm_start", [False, True])
def test_bad_arrays_in_fit(case, early_stopping, warm_start):
    args, kwargs, words = FITS[case]
    with_names = isinstance(args[0], pd.DataFrame)
    fitted = _net().fit(args[0] if with_names else X, Y3)
    fitted.set_params(early_stopping=early_stopping)
    if not warm_start:  # with warm_start other labels are refused for another reason
        assert_refused(fitted, "fit", args, kwargs, words)
    fresh = _net(early_stopping=early_stopping, warm_start=warm_start)
    assert_refused(fresh, "fit", args, kwargs, words)
    assert fitted.predict_proba(args[0] if with_names else X).shape == (60, 3)
    if "val" not in case and not early_stopping:
        classes = None if "labels" in case else [0, 1, 2]
        more = [words[0]] if "class" not in case else ["class"]
        assert_refused(
            _net(), "partial_fit", args, {"classes": classes, **kwargs}, more
        )


@pytest.mark.parametrize("name", ["X", "X_val"])
def test_numbers_too_large_for_float32(name):
    net = _net(dtype="float32").fit(X, Y3)
    arrays = {"X": X, "X_val": X, name: HUGE}
    words = [f"{name} contains [0-9.]+e\\+30", "float32", "dtype='float64'"]
    fit_args = {"X_val": arrays["X_val"], "y_val": Y3}
    assert_refused(net, "fit", (arrays["X"], Y3), fit_args, words)
    if name == "X":
        assert_refused(net, "predict", (HUGE,), {}, words)
        most = np.full((4, 4), 1.5e308)  # their sum overflows without a warning
        assert_refused(net, "predict", (most,), {}, words)
        assert_refused(net, "cost", (HUGE, Y3), {}, words)
        net.set_params(warm_start=True)
        assert_refused(net, "fit", (HUGE, Y3), {}, words)


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_log_proba", "decision_function"]
)
def test_bad_arrays_in_predictions(method):
    net = _net().fit(X, Y3)
    assert_refused(net, method, (X[:, :3],), {}, ["X has 3 features", "4 features"])
    assert_refused(net, method, (np.c_[X, X],), {}, ["X has 8 features", "4 features"])
    assert_refused(net, method, (NAN,), {}, ["X contains NaN"])
    assert_refused(net, method, (INF,), {}, ["X contains infinity"])
    assert_refused(net, method, (X[0],), {}, ["Expected 2D array"])
    assert_refused(net, method, (X[:0],), {}, ["0 sample"])


@pytest.mark.parametrize("method", ["cost", "gradient_check", "score"])
def test_bad_arrays_in_scores_and_costs(method):
    net = _net().fit(X, Y3)
    assert_refused(net, method, (NAN, Y3), {}, ["X contains NaN"])
    assert_refused(net, method, (X[:, :3], Y3), {}, ["X has 3 features", "4 features"])
    assert_refused(net, method, (X, Y3[:9]), {}, ["inconsistent numbers of samples"])
    if method != "score":  # score just counts an unseen label as wrong
        words = ["y has labels", "3", "0, 1, 2"]
        assert_refused(net, method, (X, Y3 + 1), {}, words)
    assert_refused(net, method, (X, Y3, -ONES), {}, ["sample_weight has negative"])
    assert_refused(net, method, (X, Y3, 0 * ONES), {}, ["[Ss]ample.weight"])
