"""Choice and predictions of CV estimators, recomputed from plain networks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.metrics import log_loss

from tests.cross_validated.small import classifier, cut, net_of, regressor, steps
from tests.estimators.datasets import KINDS, make_rows
from tests.pairwise import every_pair

N = 60
FOLDS = cut(N)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def plain(member, X, y, n_steps):
    """Retrain a member's network epoch by epoch, from its parameters only."""
    net = clone(net_of(member))
    rows = len(X) if net.batch_size == "auto" else net.batch_size
    n_epochs, rest = divmod(n_steps, -(-len(X) // rows))
    assert rest == 0
    net.set_params(max_iter=n_epochs, n_iter_no_change=np.inf, tol=0, dtype="float32")
    inputs = member[0].transform(X) if hasattr(member, "steps") else X
    return net.fit(inputs, y), inputs


@every_pair(
    kind=KINDS,
    solver=["adam", "adamw", "sgd"],
    preprocess=[True, False],
    dropout=[1.0, 0.8],
    n_members=[1, 2],
)
def test_members_equal_plain_networks_after_the_same_steps(
    kind, solver, preprocess, dropout, n_members, monkeypatch
):
    steps(monkeypatch, 4, 12)
    X, y = make_rows(kind)
    model = classifier(
        solver=solver,
        preprocess=preprocess,
        keep_probs=dropout,
        n_members=n_members,
        calibrate=False,
    ).fit(X, y)
    assert len(model.members_) == n_members
    for member in model.members_:
        net, inputs = plain(member, X, y, model.best_n_steps_)
        assert_array_equal(
            net_of(member).decision_function(inputs), net.decision_function(inputs)
        )
        for name in ("coefs_", "intercepts_"):
            for array, expected in zip(
                getattr(net_of(member), name), getattr(net, name), strict=True
            ):
                assert_array_equal(array, expected)


@pytest.mark.parametrize("preprocess", [True, False])
def test_fold_networks_equal_plain_networks_on_their_rows(preprocess, monkeypatch):
    steps(monkeypatch, 9, 300)  # after 300 steps they overfit the noise
    X, y = make_rows()
    model = classifier(cv=FOLDS, refit=False, calibrate=False, preprocess=preprocess)
    model.fit(X, y)
    assert model.best_n_steps_ == 9
    for member, (train, _) in zip(model.members_, FOLDS, strict=True):
        net, inputs = plain(member, X[train], y[train], 9)
        assert_array_equal(
            net_of(member).decision_function(inputs), net.decision_function(inputs)
        )


def test_members_of_a_regressor_equal_plain_networks(monkeypatch):
    steps(monkeypatch, 8)
    X, _ = make_rows()
    y = 50 + 9 * X[:, 0]
    model = regressor(n_members=2).fit(X, y)
    nets = [plain(member, X, y, 8) for member in model.members_]
    predictions = [net.predict(inputs) for net, inputs in nets]
    assert_allclose(model.predict(X), np.mean(predictions, axis=0), rtol=1e-12)
    assert not np.array_equal(*predictions)


# -- out-of-fold predictions -----------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_out_of_fold_predictions_come_from_the_network_without_the_row(kind):
    X, y = make_rows(kind)
    model = classifier(cv=FOLDS, refit=False).fit(X, y)
    oof = model.oof_decision_function_
    for member, (_, held_out) in zip(model.members_, FOLDS, strict=True):
        expected = member.decision_function(X[held_out])
        assert_allclose(oof[held_out], expected, rtol=1e-4, atol=1e-5)
    assert oof.shape == model.decision_function(X).shape


def test_rows_held_out_twice_are_averaged_and_never_held_out_are_nan():
    X, y = make_rows("binary")
    every = np.arange(N)
    first, second = np.arange(20), np.arange(10, 30)
    folds = [(np.setdiff1d(every, part), part) for part in (first, second)]
    model = classifier(cv=folds, refit=False).fit(X, y)
    one, other = (member.decision_function(X) for member in model.members_)
    expected = np.full(N, np.nan)
    expected[:10], expected[20:30] = one[:10], other[20:30]
    expected[10:20] = (one[10:20] + other[10:20]) / 2
    assert_allclose(model.oof_decision_function_, expected, rtol=1e-4, atol=1e-5)


def test_with_a_dev_set_out_of_fold_predictions_are_those_of_its_rows():
    X, y = make_rows()
    model = classifier(refit=False).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    (member,) = model.members_
    oof = model.oof_decision_function_
    assert_allclose(oof, member.decision_function(X[40:]), rtol=1e-4, atol=1e-5)
    assert model.scores_.shape[2] == 1


# -- selection -------------------------------------------------------------------------


def probabilities(kind, Z):
    return softmax(Z, axis=1) if kind == "multiclass" else expit(Z)


def pooled_loss(kind, y, Z):
    if kind == "multilabel":
        P = expit(Z)
        return -np.sum(np.log(np.where(y == 1, P, 1 - P)), axis=1).mean()
    return log_loss(y, probabilities(kind, Z))


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_is_the_log_loss_of_all_held_out_rows(kind):
    X, y = make_rows(kind)
    model = classifier(alphas=[0.1, 5.0]).fit(X, y)
    loss = pooled_loss(kind, y, model.oof_decision_function_)
    assert model.oof_score_ == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("uneven", [False, True])
def test_the_best_candidate_and_checkpoint_have_the_least_pooled_loss(uneven):
    X, y = make_rows()
    held_out = [[*range(33)], [*range(33, 60)]] if uneven else [FOLDS[0][1]]
    every = np.arange(N)
    model = classifier(
        alphas=[0.01, 1.0, 30.0],
        keep_probs=[1.0, 0.5],
        encodings=("standard", "piecewise"),
        max_steps=150,
        cv=[(np.setdiff1d(every, part), part) for part in held_out],
    ).fit(X, y)
    weights = [len(part) for part in held_out]
    pooled = np.average(model.scores_, axis=2, weights=weights)
    best, checkpoint = np.unravel_index(np.nanargmin(pooled), pooled.shape)
    assert model.oof_score_ == pytest.approx(pooled[best, checkpoint])
    assert model.best_n_steps_ == model.n_steps_[checkpoint] < 150
    assert model.candidates_[best] == {
        "alpha": model.alpha_,
        "keep_prob": model.keep_prob_,
        "encoding": model.encoding_,
    }
    assert len(model.candidates_) == 12


def test_a_custom_scorer_is_averaged_over_folds_by_their_weight():
    X, y = make_rows()
    weight = 1.0 + np.arange(N) % 2 * (np.arange(N) < 30)
    model = classifier(scoring="accuracy", cv=FOLDS, max_steps=60)
    model.fit(X, y, sample_weight=weight)
    right = model.oof_decision_function_.argmax(axis=1) == y
    assert model.oof_score_ == pytest.approx(np.average(right, weights=weight))
    of_folds = [weight[held_out].sum() for _, held_out in FOLDS]
    pooled = np.average(model.scores_, axis=2, weights=of_folds)
    assert model.oof_score_ == pytest.approx(np.nanmax(pooled))


def test_a_scorer_of_probabilities_sees_them_calibrated(monkeypatch):
    steps(monkeypatch, 40)
    X, y = make_rows()
    by_scorer = classifier(scoring="neg_log_loss", cv=FOLDS).fit(X, y)
    by_loss = classifier(cv=FOLDS).fit(X, y)
    assert by_loss.temperature_ != pytest.approx(1.0, abs=0.05)
    assert by_scorer.oof_score_ == pytest.approx(-by_loss.oof_score_, rel=1e-5)


# -- temperature -----------------------------------------------------------------------


@pytest.fixture(scope="module", params=KINDS)
def calibration(request):
    """Return the kind, its rows and a fit with and without temperature."""
    kind = request.param
    X, y = make_rows(kind)
    with pytest.MonkeyPatch.context() as patch:
        steps(patch, 60)
        fits = [classifier(cv=FOLDS, calibrate=c).fit(X, y) for c in (True, False)]
    return kind, X, y, *fits


def test_the_temperature_minimises_the_smoothed_loss(calibration):
    kind, _, y, model, raw = calibration
    Z = raw.oof_decision_function_
    n_classes = 3 if kind == "multiclass" else 2
    share = 1 / (N + 1) / n_classes

    def smoothed(log_temperature):
        z = Z / np.exp(log_temperature[0])
        if kind == "multiclass":
            Y = np.eye(3)[y] * (1 - 3 * share) + share
            return -np.sum(Y * np.log(softmax(z, axis=1)), axis=1).mean()
        Y = y * (1 - 2 * share) + share
        losses = -Y * np.log(expit(z)) - (1 - Y) * np.log(expit(-z))
        return losses.reshape(N, -1).sum(axis=1).mean()

    best = minimize(smoothed, x0=[0.0], method="Nelder-Mead")
    assert np.log(model.temperature_) == pytest.approx(best.x[0], abs=0.03)
    assert smoothed([np.log(model.temperature_)]) == pytest.approx(best.fun, abs=1e-4)
    assert abs(best.x[0]) > 0.1
    assert raw.temperature_ == 1.0


def test_the_temperature_divides_the_logits(calibration):
    kind, X, _, model, raw = calibration
    Z = raw.decision_function(X) / model.temperature_
    assert_allclose(model.decision_function(X), Z, rtol=1e-4, atol=1e-5)
    P = probabilities(kind, Z)
    if kind == "binary":
        P = np.column_stack([1 - P, P])
    assert_allclose(model.predict_proba(X), P, rtol=1e-4, atol=1e-6)
    assert_array_equal(model.predict(X), raw.predict(X))
    oof = raw.oof_decision_function_ / model.temperature_
    assert_allclose(model.oof_decision_function_, oof, rtol=1e-5)


def test_the_temperature_is_folded_into_the_weights(calibration):
    kind, X, _, model, _ = calibration
    W, b = model.coefs_, model.intercepts_
    A = np.maximum(model.preprocessor_.transform(X) @ W[0] + b[0], 0)
    Z = A @ W[1] + b[1]
    P = model.predict_proba(X)
    expected = probabilities(kind, Z)
    P = P[:, 1:] if kind == "binary" else P
    assert_allclose(P, expected, rtol=1e-4, atol=1e-6)
    assert_allclose(
        model.best_estimator_.predict_proba(X), model.predict_proba(X), rtol=1e-12
    )


@pytest.mark.parametrize("right", [True, False])
def test_the_temperature_stays_bounded(right, monkeypatch):
    """Held-out rows that are all right or all wrong hardly determine confidence."""
    steps(monkeypatch, 40)
    X = np.repeat([[-1.0], [1.0]], 20, axis=0)
    y = np.repeat([0, 1], 20)
    every = np.arange(40)
    val = y if right else 1 - y
    model = classifier(alphas=0.0).fit(X, y, X_val=X[every % 2 > 0], y_val=val[::2])
    log_odds = np.abs(model.decision_function(X)).mean()
    assert log_odds < (np.log(2 * 20 + 1) + 0.5 if right else 0.2)


# -- several members -------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("refit", [True, False])
def test_probabilities_are_averaged(kind, refit):
    X, y = make_rows(kind)
    model = classifier(n_members=3, refit=refit, keep_probs=0.8).fit(X, y)
    of_each = [member.predict_proba(X) for member in model.members_]
    assert len(of_each) == 3 and not np.allclose(of_each[0], of_each[1])
    P = np.mean(of_each, axis=0)
    assert_allclose(model.predict_proba(X), P, rtol=1e-5, atol=1e-7)
    assert_allclose(model.predict_log_proba(X), np.log(P), rtol=1e-4, atol=1e-6)
    Z = model.decision_function(X)
    link = probabilities(kind, Z)
    assert_allclose(link, P[:, 1] if kind == "binary" else P, rtol=1e-5, atol=1e-7)
    if kind == "multiclass":
        assert_array_equal(model.predict(X), P.argmax(axis=1))
    else:
        yes = P[:, 1] if kind == "binary" else P
        assert_array_equal(model.predict(X), (yes > 0.5).astype(int))
    assert model.score(X, y) == np.mean(
        np.all((model.predict(X) == y).reshape(N, -1), axis=1)
    )


def test_averages_of_extremely_confident_networks_stay_finite():
    from skdnn.cross_validated.classifier import averaged_logits
    from skdnn.estimators.targets.classes import ClassTargets

    far = [np.array([[800.0, 0.0, -800.0]]), np.array([[-800.0, 0.0, 800.0]])]
    Z = averaged_logits(ClassTargets("multiclass", np.arange(3)), far)
    assert_allclose(softmax(Z, axis=1), [[0.5, 0, 0.5]])
    assert np.isfinite(Z).all()
    Z = averaged_logits(ClassTargets("binary", np.arange(2)), [Z[:, :1] * 0 + 900] * 2)
    assert_allclose(Z, [[900.0]])
