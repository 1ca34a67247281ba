"""The time to a given quality: who reaches what, and what the ratios are made of."""

import numpy as np
import pytest

from benchmarks import quality, quality_report, quality_tables
from benchmarks.quality import Reached, measure_quality
from benchmarks.quality_trainers import Trainer, loss_on_test_rows

pytestmark = pytest.mark.slow  # the benchmarks are no part of the package

BETTER, WORSE = 0.3, 0.9


def rising_to(best, n_epochs):
    """Return a trainer whose share of right probabilities rises to `best`."""

    def predict_proba(rows, epoch):
        p = np.full((len(rows.y_test), rows.n_classes), 0.0)
        right = best * epoch / n_epochs
        p[:] = (1 - right) / (rows.n_classes - 1)
        p[np.arange(len(p)), rows.y_test] = right
        return lambda X: p

    def curve(rows, seed, bar):
        epochs = range(1, n_epochs + 1)
        return [loss_on_test_rows(predict_proba(rows, k), rows) for k in epochs]

    def fit(rows, seed, n_epochs):
        return predict_proba(rows, n_epochs)

    return Trainer(curve, fit)


def tables():
    return [table for table in quality_tables.shipped() if table.name == "wine"]


def test_the_first_epoch_at_the_bar_counts():
    assert Reached.of([0.9, 0.5, 0.7, 0.4], 0.5).epochs == 2
    assert Reached.of([0.9, 0.5, 0.7, 0.4], 0.45).epochs == 4
    missed = Reached.of([0.9, 0.5], 0.45)
    assert (missed.epochs, missed.epochs_to_time) == (None, 2)


def test_ratios_are_the_product_of_their_factors():
    trainers = {"skdnn": rising_to(0.9, 10), "sklearn": rising_to(0.6, 30)}
    of_wine, over_all = measure_quality(tables(), 1, trainers)
    ratios = {name: value["median"] for name, value in of_wine["ratios"].items()}
    epochs = {name: value["median"] for name, value in of_wine["epochs"].items()}
    assert epochs["skdnn"] == 7  # 0.9 · 7 / 10 ≥ 0.6
    assert epochs["sklearn"] == epochs["whole sklearn"] == 30
    assert ratios["fewer epochs"] == pytest.approx(30 / 7)
    product = ratios["an epoch"] * ratios["fewer epochs"]
    assert ratios["sklearn/skdnn"] == pytest.approx(product)
    whole = ratios["sklearn/skdnn"] * ratios["stopping"]
    assert ratios["whole sklearn/skdnn"] == pytest.approx(whole)
    assert over_all["ratios"] == of_wine["ratios"]
    assert over_all["targets"] == {"sklearn/skdnn": {"at_least": 8}}


def test_a_bar_that_is_not_reached_is_a_ratio_of_0_and_told():
    trainers = {"skdnn": rising_to(0.5, 10), "sklearn": rising_to(0.9, 4)}
    results = list(measure_quality(tables(), 1, trainers))
    assert results[0]["reached"] == {"skdnn": 0, "sklearn": 1}
    for name in ("sklearn/skdnn", "whole sklearn/skdnn", "fewer epochs"):
        assert results[0]["ratios"][name]["median"] == 0
    (line,) = quality_report.not_reached(results)
    assert line == "wine: skdnn reaches it with 0 of 1 seeds"
    assert "≥ 8, missed" in "".join(quality_report.verdicts(results))


def test_a_timed_training_that_ends_elsewhere_is_noticed():
    other = rising_to(0.9, 11)
    trainers = {
        "skdnn": rising_to(0.9, 10)._replace(fit=other.fit),
        "sklearn": rising_to(0.6, 30),
    }
    with pytest.raises(RuntimeError, match="skdnn: the timed run ended at"):
        list(measure_quality(tables(), 1, trainers))


def test_tables_of_a_folder(tmp_path):
    with pytest.raises(ValueError, match=r"--tables must be a folder with \.npz files"):
        next(quality_tables.in_folder(tmp_path))
    X = np.array([[1.0, 0], [np.nan, 1], [3, 1], [5, 0]] * 4, np.float32)
    y = np.array(["a", "b", "b", "a"] * 4)
    np.savez(tmp_path / "mixed.npz", X=X, y=y, cat=np.array([False, True]))
    (table,) = quality_tables.in_folder(tmp_path)
    rows = quality_tables.split(table, seed=0)
    assert (table.name, rows.n_classes) == ("mixed", 2)
    assert rows.X_train.shape == (12, 3)  # a number, and a column for each level
    assert rows.X_train.dtype == rows.X_test.dtype == np.float32
    assert np.isfinite(rows.X_train).all()
    assert abs(rows.X_train[:, 0].mean()) < 1e-6
    assert set(np.unique(rows.X_train[:, 1:])) == {0, 1}
    assert set(rows.y_test) == {0, 1}


@pytest.mark.slow
def test_on_a_real_table():
    trainers = {n: quality.TRAINERS[n] for n in ("skdnn", "sklearn")}
    of_wine, _ = measure_quality(tables(), 1, trainers)
    assert of_wine["reached"]["sklearn"] == 1
    lines = quality_report.times([of_wine]), quality_report.parts([of_wine])
    assert all("wine" in table for table in lines)
    assert of_wine["epochs"]["skdnn"]["median"] <= 200
