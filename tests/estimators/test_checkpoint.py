"""A fit resumed from a checkpoint equals the uninterrupted one."""

import errno
import json
import os
import pickle
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import (
    BatchSource,
    Checkpoint,
    GaussianNoise,
    Mixup,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    _version,
)
from skdnn.estimators import checkpoint_files
from tests.estimators.datasets import make_rows, parameters
from tests.estimators.refusals import same_state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = make_rows()
OTHER_X, OTHER_Y = make_rows(seed=1)


class Crash(BaseException):
    """An exception that nothing catches."""


class CrashAfter:
    """Crash a fit at the end of an epoch; only files remain."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch" and context.record.epoch == self.n_epochs:
            raise Crash

    def teardown(self, estimator, context):
        pass


def net(cls=MLPRegularizedClassifier, **options):
    options = {"max_iter": 12, "random_state": 0, "alpha": 1.0} | options
    options = {"batch_size": 16} | options
    return cls(hidden_layer_sizes=(6,), **options)


def crashed(model, path, *rows, at=7, every=3, **dev):
    """Fit until the crash, with a checkpoint after every third epoch."""
    model.set_callbacks(Checkpoint(path, every), CrashAfter(at))
    with pytest.raises(Crash):
        model.fit(*rows, **dev)
    return model.set_callbacks()


def assert_same(one, other):
    """Compare all fitted attributes, the model and the training state."""
    assert same_state(vars(one), vars(other))
    assert one.loss_curve_ == other.loss_curve_


def checkpoint_warnings(caught):
    """Return the warnings about checkpoints."""
    return [w for w in caught if w.category is UserWarning]


# -- bit for bit -----------------------------------------------------------------------

CASES = {
    "dense": (net(), X, Y),
    "float64 and weights": (net(dtype="float64"), X, Y, np.arange(60.0) + 1),
    "sparse": (
        net(),
        sparse.random_array((60, 30), density=0.05, format="csr", rng=0),
        Y,
    ),
    "sgd": (
        net(solver="sgd", learning_rate="adaptive", tol=0.1, n_iter_no_change=2),
        X,
        Y,
    ),
    "adamw, cosine": (net(solver="adamw", learning_rate="cosine", keep_prob=0.8), X, Y),
    "averaging": (net(averaging="ema"), X, Y),
    "noise": (net(augmentation=GaussianNoise(0.1)), X, Y),
    "mixup": (net(augmentation=Mixup()), X, Y),
    "regressor": (net(MLPRegularizedRegressor), X, X[:, 0]),
    "chunks": (net(), BatchSource.from_arrays(X, Y, chunk_rows=13)),
    "chunks and early stopping": (
        net(early_stopping=True, validation_fraction=0.3),
        BatchSource.from_arrays(X, Y, chunk_rows=13),
    ),
    "early stopping": (net(early_stopping=True, validation_fraction=0.3), X, Y),
    "scored": (net(early_stopping=True, scoring="accuracy"), X, Y),
    "any seed": (net(early_stopping=True, random_state=np.random.RandomState(3)), X, Y),
}


@pytest.mark.parametrize("case", CASES)
def test_a_resumed_fit_equals_the_uninterrupted_one(case, tmp_path):
    model, *rows = pickle.loads(pickle.dumps(CASES[case]))
    whole = pickle.loads(pickle.dumps(model)).fit(*rows)
    broken = crashed(pickle.loads(pickle.dumps(model)), tmp_path / "a", *rows)
    assert not hasattr(broken, "loss_curve_")
    assert whole.n_iter_ > 7
    assert_same(model.fit(*rows, resume_from=tmp_path / "a"), whole)


def test_dev_rows_and_patience_are_resumed(tmp_path):
    options = {"early_stopping": True, "n_iter_no_change": 4, "learning_rate_init": 0.1}
    dev = {"X_val": OTHER_X, "y_val": OTHER_Y}
    whole = net(max_iter=99, **options).fit(X, Y, **dev)
    assert whole.stop_reason_ == "early_stopping"
    for at in range(3, whole.n_iter_ + 1):
        crashed(net(max_iter=99, **options), tmp_path / "a", X, Y, at=at, **dev)
        model = net(max_iter=99, **options)
        assert_same(model.fit(X, Y, **dev, resume_from=str(tmp_path / "a")), whole)


class EpochCounter(CrashAfter):
    """Count the epochs."""

    def __init__(self):
        self.epochs = []

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.epochs.append(context.record.epoch)


@pytest.mark.parametrize("ending", [{}, {"tol": 1e9, "n_iter_no_change": 4}])
def test_the_last_epoch_is_saved_too(ending, tmp_path):
    whole, listener = net(**ending).fit(X, Y), EpochCounter()
    saved = net(**ending).set_callbacks(Checkpoint(tmp_path / "a", every=7))
    assert_same(saved.fit(X, Y).set_callbacks(), whole)
    again = net(**ending).set_callbacks(listener).fit(X, Y, resume_from=tmp_path / "a")
    assert_same(again.set_callbacks(), whole)
    assert listener.epochs == []


def test_a_warm_started_fit_resumes_too(tmp_path):
    first = net(warm_start=True, learning_rate="cosine").fit(X, Y)
    whole = pickle.loads(pickle.dumps(first)).fit(X, Y)
    crashed(pickle.loads(pickle.dumps(first)), tmp_path / "a", X, Y, at=19)
    with pytest.raises(ValueError, match="epochs before this fit was 12 and is 0"):
        net(learning_rate="cosine").fit(X, Y, resume_from=tmp_path / "a")
    assert_same(first.fit(X, Y, resume_from=tmp_path / "a"), whole)
    assert len(first.loss_curve_) == 24


def test_repeated_crashes(tmp_path):
    """The same lines start and resume a fit."""
    whole = net().fit(X, Y)
    for at in (2, 5, 8, 11, 0):
        model = net().set_callbacks(Checkpoint(tmp_path / "a", 2), CrashAfter(at))
        if at:
            with pytest.raises(Crash):
                model.fit(X, Y, resume_from=tmp_path / "a")
    assert_same(model.fit(X, Y, resume_from=tmp_path / "a").set_callbacks(), whole)


def test_time_as_an_interval(tmp_path):
    path = tmp_path / "a"
    net().set_callbacks(Checkpoint(path, timedelta(hours=1)), CrashAfter(5))
    model = net().set_callbacks(Checkpoint(path, timedelta(hours=1)), CrashAfter(5))
    with pytest.raises(Crash):
        model.fit(X, Y)
    assert not path.exists()
    crashed(net(), path, X, Y, at=5, every=timedelta(microseconds=1))
    assert_same(net().fit(X, Y, resume_from=path), net().fit(X, Y))


def test_by_default_every_tenth_epoch(tmp_path):
    crashed(net(), tmp_path / "a", X, Y, at=11, every=None)
    assert len(checkpoint_files.read(tmp_path / "a")["history"]) == 10


def test_in_a_pipeline(tmp_path):
    whole = make_pipeline(StandardScaler(), net()).fit(X, Y)
    crashed(net(), tmp_path / "a", StandardScaler().fit_transform(X), Y)
    model = make_pipeline(StandardScaler(), net())
    model.fit(X, Y, mlpregularizedclassifier__resume_from=tmp_path / "a")
    assert_array_equal(model.predict_proba(X), whole.predict_proba(X))


# -- files -----------------------------------------------------------------------------


def test_a_file_holds_numbers_and_arrays_and_states_its_version(tmp_path):
    crashed(net(early_stopping=True), tmp_path / "a", X, Y)
    with np.load(tmp_path / "a", allow_pickle=False) as archive:
        content = json.loads(str(archive["json"]))
        assert archive[content["history"]["<array>"]].shape == (6, 8)
    assert content["skdnn"] == _version.__version__
    assert sorted(os.listdir(tmp_path)) == ["a", "a.before"]


def test_a_file_of_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("skdnn.estimators.resuming._FORMAT", 99)
    monkeypatch.setattr(_version, "__version__", "77.0")
    crashed(net(), tmp_path / "a", X, Y)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"written by skdnn 77\.0 in a format"):
        net().fit(X, Y, resume_from=tmp_path / "a")


DAMAGE = {
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "short": lambda data: data[:-1],
    "long": lambda data: data + b"\0",
    "zeros": lambda data: data[:300] + bytes(len(data) - 300),
    "one bit": lambda data: data[:900] + bytes([data[900] ^ 4]) + data[901:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_detected_and_the_previous_one_used(damage, tmp_path):
    path, before = tmp_path / "a", tmp_path / "a.before"
    crashed(net(), path, X, Y)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.warns(UserWarning, match="resumes from the one before") as caught:
        model = net().fit(X, Y, resume_from=path)
    assert [w.filename for w in checkpoint_warnings(caught)] == [__file__]
    assert_same(model, net().fit(X, Y))
    good = before.read_bytes()
    crashed(net(), path, X, Y, at=4)  # a damaged file does not replace a good one
    assert before.read_bytes() == good
    for file in (path, before):
        file.write_bytes(DAMAGE[damage](file.read_bytes()))
    with pytest.raises(ValueError, match=r"No checkpoint can be read: .*a\.before"):
        net().fit(X, Y, resume_from=path)


def test_without_the_last_file_the_previous_one_is_used(tmp_path):
    """Simulate a crash between the two renames."""
    crashed(net(), tmp_path / "a", X, Y)
    (tmp_path / "a").unlink()
    assert_same(net().fit(X, Y, resume_from=tmp_path / "a"), net().fit(X, Y))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such checkpoint"):
        net().fit(X, Y, resume_from=tmp_path / "a")
    model = net().set_callbacks(Checkpoint(tmp_path / "b"))
    with pytest.raises(FileNotFoundError, match="there is no such checkpoint"):
        model.fit(X, Y, resume_from=tmp_path / "a")
    model.fit(X, Y, resume_from=os.path.relpath(tmp_path / "b"))
    assert model.n_iter_ == 12


# -- write errors ----------------------------------------------------------------------


def _no_space(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_one_warning_and_training_continues(call, tmp_path, monkeypatch):
    whole, path = net().fit(X, Y), tmp_path / "a"
    crashed(net(), path, X, Y, at=4)
    good = path.read_bytes()
    monkeypatch.setattr(os, call, _no_space)
    model = net().set_callbacks(Checkpoint(path, 3))
    with pytest.warns(UserWarning, match="could not be written: .*No space") as caught:
        model.fit(X, Y)
    assert [w.filename for w in checkpoint_warnings(caught)] == [__file__]
    assert "epoch 3 " in str(checkpoint_warnings(caught)[0].message)
    assert path.read_bytes() == good
    assert os.listdir(tmp_path) == ["a"]
    assert_same(model.set_callbacks(), whole)


def test_a_disk_that_fills_up_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    path, fsync, calls = tmp_path / "a", os.fsync, []

    def fills_up(descriptor):
        calls.append(descriptor)
        return fsync(descriptor) if len(calls) < 4 else _no_space()

    monkeypatch.setattr(os, "fsync", fills_up)
    model = net().set_callbacks(Checkpoint(path, 3))
    with pytest.warns(UserWarning, match=r"epoch 9 .* The last one is of epoch 6\."):
        model.fit(X, Y)
    monkeypatch.undo()
    assert_same(net().fit(X, Y, resume_from=path), model.set_callbacks())


class Rmdir(CrashAfter):
    """Remove a folder when the fit begins."""

    def __init__(self, folder):
        self.folder = folder

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "fit":
            self.folder.rmdir()

    def on_fit_task_end(self, estimator, context):
        pass


def test_a_deleted_folder_is_one_warning(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    model = net().set_callbacks(Checkpoint(folder / "a", 3), Rmdir(folder))
    with pytest.warns(UserWarning, match="could not be written") as caught:
        model.fit(X, Y)
    assert len(checkpoint_warnings(caught)) == 1


# -- refusals --------------------------------------------------------------------------

OTHER_FITS = {
    "alpha was 1 and is 2": (net(alpha=2.0), X, Y),
    r"hidden_layer_sizes was \[6\] and is \[6, 6\]": (
        net().set_params(hidden_layer_sizes=[6, 6]),
        X,
        Y,
    ),
    "max_iter was 12 and is 13": (net(max_iter=13), X, Y),
    "augmentation was None and is GaussianNoise": (
        net(augmentation=GaussianNoise(0.3)),
        X,
        Y,
    ),
    "estimator was MLPRegularizedClassifier": (net(MLPRegularizedRegressor), X, Y),
    "X was 60 rows of 4 columns with": (net(), np.where(X == X[30], 0.0, X), Y),
    "X was .* and is 59 rows": (net(), X[1:], Y[1:]),
    "y was 60 targets with": (net(), X, np.roll(Y, 1)),
    "sample_weight was a total of 60": (net(), X, Y, np.arange(60.0) + 1),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "a"
    crashed(net(), path, X, Y)
    return path


@pytest.mark.parametrize("difference", OTHER_FITS)
def test_a_checkpoint_of_another_fit_is_refused(difference, saved):
    model, *rows = OTHER_FITS[difference]
    with pytest.raises(ValueError, match=f"of another fit: .*{difference}"):
        model.fit(*rows, resume_from=saved)
    assert not hasattr(model, "loss_curve_")


def test_other_dev_rows_are_refused(tmp_path):
    crashed(net(), tmp_path / "a", X, Y, X_val=OTHER_X, y_val=OTHER_Y)
    with pytest.raises(ValueError, match=r"X_val was 60 rows .* and is not given"):
        net().fit(X, Y, resume_from=tmp_path / "a")
    with pytest.raises(ValueError, match="y_val was 60 targets"):
        net().fit(X, Y, X_val=OTHER_X, y_val=Y, resume_from=tmp_path / "a")


def test_equivalent_values_match(saved):
    same = net(alpha=1, max_iter=np.int64(12), verbose=False)
    same.set_params(hidden_layer_sizes=[np.int32(6)])
    assert_array_equal(
        parameters(same.fit(X, Y, resume_from=saved)),
        parameters(net().fit(X, Y)),
    )


def test_fits_that_cannot_be_saved_are_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path / "a")
    with pytest.raises(ValueError, match="but not LogisticRegression"):
        LogisticRegression().set_callbacks(checkpoint).fit(X, Y)
    with pytest.raises(ValueError, match="partial_fit trains for one epoch"):
        net().set_callbacks(checkpoint).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="Checkpoint needs a solver that uses mini"):
        net(solver="lbfgs").set_callbacks(checkpoint).fit(X, Y)
    with pytest.raises(ValueError, match="resume_from needs a solver that uses mini"):
        net(solver="lbfgs").fit(X, Y, resume_from=tmp_path / "a")
    search = GridSearchCV(
        net().set_callbacks(checkpoint), {"alpha": [1.0]}, error_score="raise"
    )
    with pytest.raises(ValueError, match="fit in GridSearchCV is one of many"):
        search.fit(X, Y)
    with pytest.raises(ValueError, match="this fit is one of many"):
        cross_val_score(net().set_callbacks(checkpoint), X, Y, error_score="raise")
    with pytest.raises(TypeError, match="Only fit can resume from a checkpoint"):
        net().partial_fit(X, Y, resume_from=tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_independent_fits_may_run_in_parallel(tmp_path):
    def train(name):
        return net().set_callbacks(Checkpoint(tmp_path / name)).fit(X, Y)

    Parallel()(delayed(train)(name) for name in ("a", "b"))
    assert sorted(os.listdir(tmp_path)) == ["a", "a.before", "b", "b.before"]


def test_arguments(tmp_path):
    for every in (0, -1, 2.5, True, "10", timedelta(0)):
        with pytest.raises(ValueError, match="every must be a number of epochs"):
            Checkpoint("a", every)
    for path in (None, 3, "", "/", b"a"):
        with pytest.raises(TypeError, match="path must be the path of a file"):
            Checkpoint(path)
    with pytest.raises(TypeError, match="resume_from must be the path of a file"):
        net().fit(X, Y, resume_from=3)
    for path in (tmp_path, tmp_path / "none" / "a"):
        with pytest.raises(ValueError, match="in a folder that exists"):
            net().set_callbacks(Checkpoint(path)).fit(X, Y)
    assert repr(Checkpoint(Path("a"), 3)) == "Checkpoint('a', every=3)"
