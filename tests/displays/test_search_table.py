"""The table of a search has the best candidate for each value of any type."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn import ParameterScoreDisplay
from skdnn.displays.search_table import SearchTable, full_name, text_of


def results(scores, train=None, **params):
    """Return the part of `cv_results_` that is used; None in a column is masked."""
    scores = np.asarray(scores, dtype=float)
    found = {}
    for name, values in params.items():
        column = np.ma.MaskedArray(np.empty(len(values), dtype=object))
        for k, value in enumerate(values):
            column[k] = np.ma.masked if value is MASKED else value
        found[f"param_{name}"] = column
    for split, column in enumerate(scores.T):
        found[f"split{split}_test_score"] = column
        if train is not None:
            found[f"split{split}_train_score"] = np.asarray(train)[:, split]
    found["mean_test_score"] = scores.mean(axis=1)
    return found


MASKED = object()


def test_one_parameter():
    table = SearchTable.of(
        results([[3, 5], [1, 2]], [[9, 8], [7, 6]], alpha=[1.0, 0.1]), "alpha"
    )
    assert table.values == [0.1, 1.0] and table.hue_values == [None]
    assert_array_equal(table.dev_scores, [[[1, 2], [3, 5]]])
    assert_array_equal(table.train_scores, [[[7, 6], [9, 8]]])
    assert table.is_grid


def test_best_over_the_other_parameters():
    cv_results = results(
        [[1, 1], [4, 0], [2, 3], [0, 1]],
        [[10, 10], [20, 20], [30, 30], [40, 40]],
        a=[1, 1, 1, 2],
        b=["x", "y", "z", "x"],
    )
    table = SearchTable.of(cv_results, "a")
    # 2.5 is the best mean of a=1, though 4 is the best score of a fold.
    assert_array_equal(table.dev_scores, [[[2, 3], [0, 1]]])
    assert_array_equal(table.train_scores, [[[30, 30], [40, 40]]])
    table = SearchTable.of(cv_results, "a", "b")
    assert table.hue_values == ["x", "y", "z"]
    assert_array_equal(table.dev_scores[0], [[1, 1], [0, 1]])
    assert_array_equal(table.dev_scores[1:, 1], np.full((2, 2), np.nan))


@pytest.mark.parametrize("negate_score", [False, True])
def test_a_display_keeps_the_table_of_the_original_scores(negate_score):
    cv_results = results([[-3, -5], [-1, -2]], alpha=[1.0, 0.1])
    display = ParameterScoreDisplay.from_cv_results(
        cv_results, "alpha", negate_score=negate_score
    )
    assert str(display.table_) == str(SearchTable.of(cv_results, "alpha"))
    assert "Best score -1.5 with alpha=0.1" in str(display.table_)


@pytest.mark.parametrize("failed", [0, 1])
def test_a_failed_fold_is_never_the_best(failed):
    scores = np.array([[9.0, 9.0], [1.0, 1.0]])
    scores[0, failed] = np.nan
    table = SearchTable.of(results(scores, a=[1, 1], b=["x", "y"]), "a")
    assert_array_equal(table.dev_scores, [[[1, 1]]])
    # Without another candidate it stays, as NaN.
    table = SearchTable.of(results(scores, a=[1, 2], b=["x", "y"]), "a")
    assert np.isnan(table.dev_scores[0, 0, failed])


@pytest.mark.parametrize(
    "values",
    [
        [(64,), (8, 4), ()],
        [[0.5, 0.8], [1.0, 1.0], [0.1, 0.2]],
        ["he", "glorot", np.tanh],
        [None, 5, 1.5],
        [True, False, None],
        [1.0, (0.5, 1.0), 0.8],
        [{"a": 1}, {"b": 2}, {}],
    ],
)
def test_values_that_are_not_numbers_keep_their_order(values):
    table = SearchTable.of(results([[1], [2], [3]], a=values), "a")
    assert table.values == values
    assert_array_equal(table.dev_scores[0, :, 0], [1, 2, 3])


def test_true_is_not_one():
    table = SearchTable.of(results([[1], [2]], a=[True, 1], b=[0, 0]), "a")
    assert len(table.values) == 2


def test_candidates_of_another_grid():
    table = SearchTable.of(
        results([[1], [2], [3]], a=[1.0, 2.0, MASKED], b=[MASKED, MASKED, 5]), "a"
    )
    assert table.values == [1.0, 2.0]
    with pytest.raises(ValueError, match="No candidate of the search has both"):
        SearchTable.of(results([[1], [2]], a=[1.0, MASKED], b=[MASKED, 5]), "a", "b")


def test_grid_or_random():
    varied = {"a": [0.11, 0.23, 0.31], "b": [1, 2, 1]}
    assert not SearchTable.of(results([[1], [2], [3]], **varied), "a").is_grid
    assert SearchTable.of(results([[1], [2], [3]], **varied), "b").is_grid
    assert SearchTable.of(results([[1], [2], [3]], a=varied["a"]), "a").is_grid


def test_names():
    cv_results = results([[1]], net__alpha=[1], net__l1_ratio=[0], scale__alpha=[2])
    assert full_name(cv_results, "l1_ratio", "param") == "net__l1_ratio"
    assert full_name(cv_results, "net__alpha", "param") == "net__alpha"
    for wrong in ("alpha", "ratio", "beta"):
        with pytest.raises(ValueError, match=f"hue must be one of .* got '{wrong}'"):
            full_name(cv_results, wrong, "hue")
    with pytest.raises(ValueError, match="must differ, got 'net__l1_ratio'"):
        SearchTable.of(cv_results, "l1_ratio", "net__l1_ratio")
    with pytest.raises(ValueError, match=r"metric must be one of \['score'\]"):
        SearchTable.of(cv_results, "l1_ratio", metric="accuracy")


def test_texts():
    values = [0.1, 1e-5, 3, (64, 32), "he", None, True, np.tanh, np.float64(0.1)]
    texts = ["0.1", "1e-05", "3", "(64, 32)", "he", "None", "True", "tanh", "0.1"]
    assert [text_of(value) for value in values] == texts
