"""Test errors relative to MLPClassifier: the arithmetic, resuming, and the command."""

import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from benchmarks import errors, errors_report, journal, page, quality_tables
from benchmarks.__main__ import main
from benchmarks.documents import Documents
from benchmarks.errors import CLASSIFICATION, REGRESSION, Contestant, Kind

MLP, PLAIN, ONE, FIVE, TREES = CLASSIFICATION.contestants


def result(table, rows, **by_seed):
    """Return a result in which the reference has the first value, ONE the second."""
    return {
        "table": table,
        "kind": "classification",
        "rows": rows,
        "columns": 4,
        "classes": 2,
        "by_seed": {
            metric: {MLP: of_mlp, ONE: of_one}
            for metric, (of_mlp, of_one) in by_seed.items()
        },
    }


RESULTS = [
    result(
        "easy",
        400,
        error=([0.03, 0.0], [0.01, 0.0]),
        seconds=([1.0, 2.0], [2.0, 16.0]),
        calibration=([0.1, 0.2], [0.0, 0.1]),
    ),
    result(
        "hard",
        39_073,
        error=([0.19, 0.09], [0.09, 0.19]),
        seconds=([4.0, 4.0], [1.0, 1.0]),
        calibration=([0.3, 0.2], [0.1, 0.2]),
    ),
]


def test_a_ratio_is_one_of_values_plus_an_offset_and_times_have_none():
    easy, hard = RESULTS
    assert errors_report.ratios(easy, "error", ONE) == pytest.approx([0.5, 1.0])
    assert errors_report.ratios(hard, "error", ONE) == pytest.approx([0.5, 2.0])
    assert errors_report.ratios(easy, "seconds", ONE) == pytest.approx([2.0, 8.0])


def test_means_are_geometric_over_tables_and_seeds():
    mean = errors_report.mean_ratio(RESULTS, "error", ONE)
    assert mean == pytest.approx((0.5 * 1.0 * 0.5 * 2.0) ** (1 / 4))
    mean = errors_report.mean_ratio(RESULTS, "seconds", ONE)
    assert mean == pytest.approx((2 * 8 / 4 / 4) ** (1 / 4))


def test_the_mean_calibration_error_is_arithmetic():
    assert errors_report.mean_calibration(RESULTS, MLP) == pytest.approx(0.2)
    assert errors_report.mean_calibration(RESULTS, ONE) == pytest.approx(0.1)


def test_the_tables_of_a_kind_are_described():
    of_regression = {**RESULTS[0], "kind": "regression", "table": "prices"}
    results = [*RESULTS, of_regression]
    sizes = errors_report.sizes(results, CLASSIFICATION)
    assert sizes.startswith("2 classification tables (400 to 39 073 training rows")
    assert sizes.endswith("4 to 4 columns, 2 to 2 classes)")
    assert errors_report.sizes(results, REGRESSION) == (
        "1 regression tables (400 to 400 training rows)"
    )
    assert errors_report.names(results, CLASSIFICATION) == "easy, hard"
    times = errors_report.times(results, CLASSIFICATION, ONE)
    assert times == "0.2 (hard) to 4 (easy)"
    assert errors_report.of_kind(results, CLASSIFICATION, ("hard",)) == RESULTS[1:]


def test_calibration_error_by_hand():
    # Bins of width 1/15: 0.95 and 0.97 share the last one, 0.6 is in another.
    p = np.array([[0.95, 0.05], [0.03, 0.97], [0.6, 0.4], [0.4, 0.6]])
    right = np.array([0, 1, 0, 1])
    expected = (2 * (1 - 0.96) + 2 * (1 - 0.6)) / 4
    assert errors.calibration_error(right, p) == pytest.approx(expected)
    one_wrong = np.array([0, 0, 0, 1])  # half of the last bin is correct
    expected = (2 * (0.96 - 0.5) + 2 * (1 - 0.6)) / 4
    assert errors.calibration_error(one_wrong, p) == pytest.approx(expected)
    certain = np.array([[1.0, 0.0]])
    assert errors.calibration_error(np.array([0]), certain) == 0
    assert errors.calibration_error(np.array([1]), certain) == 1


def test_metrics_of_probabilities_by_hand():
    p = np.array([[0.75, 0.25], [0.5, 0.5]])
    metrics = errors.metrics_of_classes(np.array([1, 0]), p)
    assert metrics["error"] == 0.5
    assert metrics["log_loss"] == pytest.approx(-np.log(0.25 * 0.5) / 2)


def mixed_table(n_rows=60):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=n_rows), rng.integers(0, 3, n_rows)])
    X = X.astype(np.float32)
    X[::7, 0] = X[3::9, 1] = np.nan
    y = np.where(rng.uniform(size=n_rows) < 0.4, "a", "b")
    return quality_tables.Table("mixed", X, y, np.array([False, True]))


def test_a_frame_has_categories_and_missing_values():
    pandas = pytest.importorskip("pandas")
    table = mixed_table()
    frame = quality_tables.as_frame(table)
    np.testing.assert_array_equal(frame["x0"], table.X[:, 0])
    assert isinstance(frame["x1"].dtype, pandas.CategoricalDtype)
    assert list(frame["x1"].cat.categories) == ["0", "1", "2"]
    np.testing.assert_array_equal(frame["x1"].isna(), np.isnan(table.X[:, 1]))


FITS = []  # type of table, number of rows, seed


class Watched(DummyClassifier):
    """Notes the rows and the type of table that it is fitted to."""

    def fit(self, X, y):
        FITS.append((type(X).__name__, len(X), self.random_state))
        return super().fit(X, y)


def watched(**options):
    return Contestant(lambda seed: Watched(random_state=seed), **options)


WATCHED = Kind(
    "classification",
    True,
    {
        "raw": watched(),
        "prepared": watched(has_preprocessing=False, brief={"strategy": "uniform"}),
    },
    ("error", "log_loss", "calibration"),
)


def test_contestants_get_their_rows_and_finished_fits_are_not_repeated(
    tmp_path, monkeypatch
):
    pytest.importorskip("pandas")
    tables = [(WATCHED, mixed_table())]
    path = tmp_path / "a.unfinished"
    FITS.clear()
    (of_mixed,) = errors.measure_errors(tables, 1, done=journal.Journal(path))
    # The second contestant is fitted twice: the first time only compiles.
    assert FITS == [("DataFrame", 48, 0), *[("ndarray", 48, 0)] * 2]
    assert (of_mixed["rows"], of_mixed["classes"]) == (48, 2)

    with path.open("a") as file:
        file.write('{"cut o')  # by an interruption
    (again,) = errors.measure_errors(tables, 2, done=journal.Journal(path))
    assert {seed for _, _, seed in FITS[3:]} == {1}
    assert len(list(errors.measure_errors(tables, 2, done=journal.Journal(path)))) == 1
    assert len(FITS) == 6
    assert again["repetitions"] == 2
    for metric, values in of_mixed["by_seed"].items():
        assert {n: v[:1] for n, v in again["by_seed"][metric].items()} == values

    monkeypatch.setattr(journal, "_hash_of_package", lambda: "of other sources")
    FITS.clear()
    list(errors.measure_errors(tables, 1, done=journal.Journal(path)))
    assert len(FITS) == 3
    (tmp_path / "b.unfinished").write_text('{"python":', encoding="utf-8")
    assert "mixed" not in journal.Journal(tmp_path / "b.unfinished")


def test_a_quick_run_trains_on_few_rows():
    assert errors.n_train_rows(50_000, quick=False) == 40_000
    assert errors.n_train_rows(50_000, quick=True) == 1000


def test_without_a_folder_there_are_tables_of_both_kinds(tmp_path):
    kinds = [kind.name for kind, _ in errors.tables_of(None)]
    assert {"classification", "regression"} == set(kinds)
    table = mixed_table()
    np.savez(tmp_path / "a.npz", X=table.X, y=table.y, cat=table.is_category)
    assert [kind.name for kind, _ in errors.tables_of(tmp_path)] == ["classification"]


def test_the_pages_show_means_of_the_result_file():
    docs = Documents(page.RESULTS)
    logs, calibration = [], []
    for of_table in docs.results("errors", kind="classification"):
        values = of_table["by_seed"]
        ours, theirs = (np.array(values["error"][name]) for name in (FIVE, MLP))
        logs.append(np.log(ours + 0.01) - np.log(theirs + 0.01))
        calibration.append(values["calibration"][ONE])
    mean = np.exp(np.mean(logs))
    assert page.shown(docs, "errors.error") == f"{mean:.2f}"
    assert f"{mean:.2f} |" in page.shown(docs, "table:errors.classification")
    assert page.shown(docs, "errors.calibration_one") == f"{np.mean(calibration):.3f}"
    assert page.shown(docs, "errors.tables") == str(len(logs))


@pytest.mark.slow
def test_the_command_measures_both_kinds_and_writes_them(tmp_path, capsys):
    pytest.importorskip("pandas")
    folder = tmp_path / "tables"
    (folder / errors.REGRESSION_FOLDER).mkdir(parents=True)
    table = mixed_table()
    columns = {"X": table.X, "cat": table.is_category}
    np.savez(folder / "classes.npz", y=table.y, **columns)
    target = np.nan_to_num(table.X[:, 0]) * 100
    np.savez(folder / errors.REGRESSION_FOLDER / "target.npz", y=target, **columns)
    out = tmp_path / "errors.json"
    main(["errors", "--tables", str(folder), "--quick", "--out", str(out)])
    assert not out.with_suffix(".unfinished").exists()
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["settings"] == {"quick": True, "tables": "tables", "seeds": 2}
    for found, kind in zip(document["results"], errors.KINDS, strict=True):
        assert set(found["by_seed"]) == {*kind.metrics, "seconds"}
        for values in found["by_seed"].values():
            assert list(values) == list(kind.contestants)
            assert all(value[0] > 0 for value in values.values())
    printed = capsys.readouterr().out
    assert all(f"`{name}`" in printed for name in (FIVE, TREES))
    (regression,) = errors_report.of_kind(document["results"], REGRESSION)
    assert regression["by_seed"]["rmse"]["MLPRegressor()"][0] < 2  # standardised
