"""A CV fit resumed from a checkpoint equals the uninterrupted one."""

import pickle
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skdnn import Checkpoint, GaussianNoise, MLPRegularizedClassifier
from skdnn.estimators import checkpoint_files as files
from tests.cross_validated.small import classifier, regressor, steps
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import same_state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = make_rows()


@pytest.fixture(autouse=True)
def _steps(monkeypatch):
    """Checkpoint mostly within epochs, which have three steps."""
    steps(monkeypatch, 4, 8, 10, 16, 20)


class Crash(BaseException):
    """An exception that nothing catches."""


class CrashingCheckpoint(Checkpoint):
    """Crash a fit after a number of checkpoints; only the file remains."""

    def __init__(self, path, every, at):
        super().__init__(path, every)
        self.at = at

    def offer(self, progress):
        super().offer(progress)
        if progress.count == self.at:
            raise Crash


def copied(model):
    return pickle.loads(pickle.dumps(model))


def crashed(model, path, *rows, at, every=None, **others):
    model.set_callbacks(CrashingCheckpoint(path, every, at))
    with pytest.raises(Crash):
        model.fit(*rows, **others)
    return model.set_callbacks()


def assert_same(one, other):
    """Compare all fitted attributes, the members and their optimizer states."""
    assert same_state(vars(one), vars(other))
    assert same_state(one.__getstate__(), other.__getstate__())


FRAME = pd.DataFrame(X, columns=list("abcd")).assign(e=np.array(list("uvw"))[Y])
FRAME.loc[::7, "a"] = np.nan
WORDS = sparse.random_array((60, 30), density=0.05, format="csr", rng=0)

CASES = {
    "dense": (classifier(alphas=[0.1, 1.0], keep_probs=0.8, n_members=2), X, Y),
    "sparse": (classifier(preprocess=False), WORDS, Y),
    "mixed frame": (classifier(encodings=["standard", "piecewise"]), FRAME, Y),
    "sgd, in place": (classifier(solver="sgd", preprocess=False), X, Y),
    "noise": (classifier(augmentation=GaussianNoise(0.1)), X, Y),
    "numbers": (regressor(n_members=2), X, X[:, 0]),
    "weights": (classifier(), X, Y, np.arange(60.0)),
    "scored": (classifier(scoring="accuracy", refit=False), X, Y),
}


@pytest.mark.parametrize("case", CASES)
def test_a_resumed_choice_equals_the_uninterrupted_one(case, tmp_path):
    model, *rows = CASES[case]
    whole, path = copied(model).fit(*rows), tmp_path / "a"
    n_members = np.searchsorted(whole.n_steps_, whole.best_n_steps_) + 1
    last = len(whole.n_steps_) + (n_members if model.refit else 0)
    for at in {1, 3, last}:
        broken = crashed(copied(model), path, *rows, at=at)
        assert not hasattr(broken, "oof_score_")
        assert_same(copied(model).fit(*rows, resume_from=path), whole)


def test_repeated_crashes(tmp_path, monkeypatch):
    """The same lines start and resume a fit, whatever the seed and n_jobs."""
    path, model = tmp_path / "a", classifier(random_state=None, n_members=2)
    seed_at = "skdnn.cross_validated.base.check_random_state"
    monkeypatch.setattr(seed_at, lambda seed: np.random.RandomState(7))
    whole = copied(model).fit(X, Y)
    crashed(copied(model), path, X, Y, at=2, resume_from=path)
    monkeypatch.setattr(seed_at, lambda seed: np.random.RandomState())
    for at in (4, 6, 8):
        crashed(copied(model), path, X, Y, at=at, resume_from=path)
    last = model.set_params(n_jobs=2).set_callbacks(Checkpoint(path))
    last.fit(X, Y, resume_from=path).set_callbacks()
    assert_same(last.set_params(n_jobs=None), whole)
    again = classifier(random_state=None, n_members=2).fit(X, Y, resume_from=path)
    assert_same(again, whole)


def test_dev_rows_and_weights(tmp_path):
    dev = {"X_val": X[::2], "y_val": Y[::2], "sample_weight_val": np.arange(30) + 1.0}
    whole = classifier().fit(X, Y, **dev)
    crashed(classifier(), tmp_path / "a", X, Y, at=6, **dev)
    assert_same(classifier().fit(X, Y, **dev, resume_from=tmp_path / "a"), whole)
    for other in ({}, dev | {"y_val": Y[1::2]}, dev | {"X_val": X[::2] + 1}):
        with pytest.raises(ValueError, match=r"of another fit: .*_val"):
            classifier().fit(X, Y, **other, resume_from=tmp_path / "a")


def test_diverged_candidates_stay_out_after_resuming(tmp_path):
    options = {"alphas": [0.1, 1e30], "solver": "sgd", "n_members": 2}
    with np.errstate(all="ignore"):
        whole = classifier(**options).fit(X, Y)
        crashed(classifier(**options), tmp_path / "a", X, Y, at=2)
        assert np.isnan(whole.scores_).any()
        model = classifier(**options).fit(X, Y, resume_from=tmp_path / "a")
    assert_same(model, whole)


def test_stalled_candidates_stay_out_after_resuming(tmp_path, monkeypatch):
    monkeypatch.setattr("skdnn.cross_validated.race._MIN_STEPS_TO_STOP", 0)
    options = {"alphas": [0.1, 1e4], "n_iter_no_change": 2}
    whole = classifier(**options).fit(X, Y)
    assert np.isnan(whole.scores_).any()
    for at in range(1, 5):
        crashed(classifier(**options), tmp_path / "a", X, Y, at=at)
        model = classifier(**options).fit(X, Y, resume_from=tmp_path / "a")
        assert_same(model, whole)


# -- interval --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "saved"),
    [
        (None, list(range(1, 11))),
        (3, [3, 5, 6, 9, 10]),  # also the ends of the search and of the refit
        (timedelta(hours=1), [5, 10]),
    ],
)
def test_steps_that_are_saved(every, saved, tmp_path, monkeypatch):
    class Counting(Checkpoint):
        def _save(self, progress):
            counts.append(progress.count)
            super()._save(progress)

    counts = []
    model = classifier(learning_rate_init=0.01)
    model.set_callbacks(Counting(tmp_path / "a", every)).fit(X, Y)
    assert model.best_n_steps_ == 20
    assert counts == saved


def test_saving_changes_nothing(tmp_path):
    model = classifier(n_members=2, n_jobs=2).set_callbacks(Checkpoint(tmp_path / "a"))
    plain = classifier(n_members=2, n_jobs=2).fit(X, Y)
    assert_same(model.fit(X, Y).set_callbacks(), plain)


def test_a_full_disk_is_one_warning_that_names_the_step(tmp_path, monkeypatch):
    def no_space(*args):
        raise OSError("no space")

    monkeypatch.setattr(files, "write", no_space)
    model = classifier().set_callbacks(Checkpoint(tmp_path / "a"))
    with pytest.warns(UserWarning, match="The checkpoint of step 4 could not be writt"):
        model.fit(X, Y)


# -- checkpoints of other fits are refused ---------------------------------------------

OTHER_FITS = {
    "alphas was 0.1 and is 1": (classifier(alphas=1.0), X, Y),
    "random_state was 0 and is 1": (classifier(random_state=1), X, Y),
    "cv was 3 and is 4": (classifier(cv=4), X, Y),
    "estimator was MLPRegularizedClassifierCV and is MLPRegularizedRegressorCV": (
        regressor(),
        X,
        Y,
    ),
    "estimator was MLPRegularizedClassifierCV and is MLPRegularizedClassifier;": (
        MLPRegularizedClassifier(),
        X,
        Y,
    ),
    "X was rows of inputs with checksum": (classifier(), np.where(X == X[30], 0, X), Y),
    "X was 60 rows of 4 columns and is 59 rows": (classifier(), X[1:], Y[1:]),
    "y was 60 targets with checksum": (classifier(), X, np.roll(Y, 1)),
    "sample_weight was a total of 60": (classifier(), X, Y, np.arange(60.0) + 1),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "a"
    with pytest.MonkeyPatch.context() as patch:
        steps(patch, 4, 8)
        crashed(classifier(), path, X, Y, at=3)
    return path


@pytest.mark.parametrize("difference", OTHER_FITS)
def test_a_checkpoint_of_another_fit_is_refused(difference, saved):
    model, *rows = OTHER_FITS[difference]
    before = dict(vars(model))
    with pytest.raises(ValueError, match=f"of another fit: .*{difference}"):
        model.fit(*rows, resume_from=saved)
    assert same_state(vars(model), before)


def test_a_checkpoint_of_other_folds_is_refused(saved):
    with pytest.raises(ValueError, match="another fit: the folds was 3 with"):
        classifier().fit(X, Y, groups=np.arange(60) // 2, resume_from=saved)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such checkpoint"):
        regressor().fit(X, X[:, 0], resume_from=tmp_path / "a")


def test_after_damage_the_previous_file_is_used(tmp_path):
    path = tmp_path / "a"
    crashed(classifier(), path, X, Y, at=7)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="resumes from the one before"):
        model = classifier().fit(X, Y, resume_from=path)
    assert_same(model, classifier().fit(X, Y))
    assert_array_equal(model.temperature_, classifier().fit(X, Y).temperature_)
