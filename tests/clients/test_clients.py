"""Third-party libraries for scikit-learn estimators work with ours: one row each.

Not in the default run. A library that is missing is skipped, and the reason names the
package. For all: pip install -e ".[test,clients]", then pytest -m clients.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressor,
)

# Ignore the libraries' own warnings, but not those of skdnn.
pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error:::skdnn"),
]

FRAME, TARGET = load_breast_cancer(return_X_y=True, as_frame=True)
FRAME = FRAME.iloc[:, :8]
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = train_test_split(
    FRAME, TARGET, stratify=TARGET, random_state=0
)
NUMBERS, Y_NUMBERS = load_diabetes(return_X_y=True)
NET = MLPRegularizedClassifier((8,), solver="lbfgs", alpha=3.0, random_state=0)
MODEL = make_pipeline(InputStandardizer(), NET)
CHOOSER = MLPRegularizedClassifierCV((8,), max_steps=200, random_state=0)
NUMBER_NET = MLPRegularizedRegressor(
    hidden_layer_sizes=(8,), solver="lbfgs", alpha=30.0, random_state=0
)
GOOD = 0.85  # accuracy


# -- tracking and reports --------------------------------------------------------------


def mlflow_runs(tmp_path, *models):
    """Return the run that autologging records for each model's fit."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    mlflow.set_experiment("tables")
    mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
    runs = []
    try:
        for model in models:
            with mlflow.start_run() as run:
                model.fit(X_TRAIN, Y_TRAIN)
            runs.append(mlflow.get_run(run.info.run_id).data)
    finally:
        mlflow.sklearn.autolog(disable=True)
    return runs


def mlflow_autolog(tmp_path):
    grid = {"mlpregularizedclassifier__alpha": [1.0, 3.0]}
    bare, pipeline, chooser, search = mlflow_runs(
        tmp_path,
        clone(NET).set_params(max_iter=3000),
        clone(MODEL),
        make_pipeline(clone(CHOOSER)),
        GridSearchCV(MODEL, grid, cv=2),
    )
    # MLflow patches only scikit-learn's classes; see the page "Real tables".
    assert not bare.params
    assert pipeline.params["mlpregularizedclassifier__alpha"] == "3.0"
    assert pipeline.metrics["training_accuracy_score"] > GOOD
    assert chooser.params["mlpregularizedclassifiercv__max_steps"] == "200"
    assert "best_mlpregularizedclassifier__alpha" in search.params


def mlflow_models(tmp_path):
    import mlflow

    model = clone(MODEL).fit(X_TRAIN, Y_TRAIN)
    trusted = [
        "skdnn.estimators.classifier.MLPRegularizedClassifier",
        "skdnn.preprocessing.standardizer.InputStandardizer",
    ]
    mlflow.sklearn.save_model(
        model,
        tmp_path / "model",
        serialization_format="skops",
        skops_trusted_types=trusted,
        pip_requirements=["skdnn"],
    )
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(X_TEST), model.predict(X_TEST))


def skore_report(tmp_path):
    import skore

    report = skore.CrossValidationReport(MODEL, FRAME, TARGET, splitter=3)
    assert report.metrics.accuracy(aggregate="mean").to_numpy().min() > GOOD


# -- other searches --------------------------------------------------------------------


class PruningCallback:
    """Report the dev score of each epoch to an Optuna trial."""

    def __init__(self, trial):
        self.trial = trial

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name != "epoch":
            return False
        self.trial.report(context.record.dev.score, context.record.epoch)
        return self.trial.should_prune()

    def teardown(self, estimator, context):
        pass


def optuna_pruning(tmp_path):
    import optuna

    epochs = []

    def objective(trial):
        rate = trial.suggest_categorical("learning_rate_init", [1e-2, 1e-6])
        net = MLPRegularizedClassifier(
            (8,),
            solver="adam",
            learning_rate_init=rate,
            early_stopping=True,
            max_iter=30,
            n_iter_no_change=30,
            random_state=0,
        ).set_callbacks(PruningCallback(trial))
        net.fit(InputStandardizer().fit_transform(X_TRAIN), Y_TRAIN)
        epochs.append(net.n_iter_)
        if net.stop_reason_ == "callback":
            raise optuna.TrialPruned
        return net.best_validation_score_

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.GridSampler({"learning_rate_init": [1e-2, 1e-6]}, 0),
        pruner=optuna.pruners.PercentilePruner(50, n_startup_trials=0),
    )
    study.enqueue_trial({"learning_rate_init": 1e-2})
    study.optimize(objective, n_trials=3)
    states = [trial.state.name for trial in study.trials]
    assert "PRUNED" in states and "COMPLETE" in states
    assert min(epochs) < max(epochs)
    assert study.best_params == {"learning_rate_init": 1e-2}


def optuna_search(tmp_path):
    from optuna.distributions import FloatDistribution
    from optuna_integration import OptunaSearchCV

    space = {"mlpregularizedclassifier__alpha": FloatDistribution(0.1, 10, log=True)}
    search = OptunaSearchCV(MODEL, space, n_trials=3, cv=2, random_state=0)
    assert search.fit(X_TRAIN, Y_TRAIN).score(X_TEST, Y_TEST) > GOOD


def hyperopt_search(tmp_path):
    from hyperopt import fmin, hp, tpe

    def loss(alpha):
        model = clone(MODEL).set_params(mlpregularizedclassifier__alpha=alpha)
        return -model.fit(X_TRAIN, Y_TRAIN).score(X_TEST, Y_TEST)

    best = fmin(
        loss,
        hp.loguniform("alpha", 0, 2),
        algo=tpe.suggest,
        max_evals=3,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
    )
    assert 1 <= best["alpha"] <= np.exp(2)


def genetic_search(tmp_path):
    from sklearn_genetic import GASearchCV
    from sklearn_genetic.space import Continuous

    search = GASearchCV(
        estimator=clone(MODEL),
        param_grid={"mlpregularizedclassifier__alpha": Continuous(0.5, 5.0)},
        population_size=3,
        generations=1,
        cv=2,
        verbose=False,
    )
    assert search.fit(X_TRAIN, Y_TRAIN).score(X_TEST, Y_TEST) > GOOD


def dask_search(tmp_path):
    from dask_ml.model_selection import GridSearchCV

    grid = {"mlpregularizedclassifier__alpha": [1.0, 3.0]}
    search = GridSearchCV(MODEL, grid, cv=2, scheduler="threading")
    assert search.fit(X_TRAIN, Y_TRAIN).score(X_TEST, Y_TEST) > GOOD


def dask_predictions(tmp_path):
    import dask.array as da
    from dask_ml.wrappers import ParallelPostFit

    model = ParallelPostFit(clone(MODEL)).fit(X_TRAIN.to_numpy(), Y_TRAIN)
    rows = da.from_array(X_TEST.to_numpy(), chunks=(50, 8))
    probabilities = model.predict_proba(rows)
    assert probabilities.numblocks[0] == 3
    np.testing.assert_allclose(
        probabilities.compute(),
        model.estimator.predict_proba(X_TEST.to_numpy()),
        rtol=1e-6,
    )


# -- preprocessing ---------------------------------------------------------------------


def imbalanced_pipeline(tmp_path):
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline as make_imbalanced

    rare = np.flatnonzero(Y_TRAIN.to_numpy() == 0)[20:]
    kept = np.delete(np.arange(len(Y_TRAIN)), rare)
    X, y = X_TRAIN.iloc[kept], Y_TRAIN.iloc[kept]
    model = make_imbalanced(InputStandardizer(), SMOTE(random_state=0), clone(NET))
    model.fit(X, y)
    assert model.score(X_TEST, Y_TEST) > GOOD


def with_category_and_date(X):
    """Add a category and a date that are derived from the first column."""
    first = X.iloc[:, 0].round().astype(int)
    return X.iloc[:, 1:3].assign(
        size=first.map("about {}".format).astype(object),
        seen=pd.Timestamp("2024-01-01") + pd.to_timedelta(first, unit="D"),
    )


def category_encoder(tmp_path):
    import category_encoders

    columns = category_encoders.CatBoostEncoder(cols=["size"])
    model = make_pipeline(columns, InputStandardizer(), clone(NET))
    X_train, X_test = (
        with_category_and_date(X).drop(columns="seen") for X in (X_TRAIN, X_TEST)
    )
    assert model.fit(X_train, Y_TRAIN).score(X_test, Y_TEST) > 0.8


def feature_engine_dates(tmp_path):
    from feature_engine.datetime import DatetimeFeatures
    from feature_engine.encoding import RareLabelEncoder

    model = make_pipeline(
        DatetimeFeatures(features_to_extract=["day_of_year"]),
        RareLabelEncoder(tol=0.05),
        clone(CHOOSER),
    ).fit(with_category_and_date(X_TRAIN), Y_TRAIN)
    assert model.score(with_category_and_date(X_TEST), Y_TEST) > 0.8
    assert "seen_day_of_year" in model[-1].feature_names_in_


# -- feature selection and importance --------------------------------------------------


def feature_engine_selection(tmp_path):
    from feature_engine.selection import SelectByShuffling

    noise = np.random.default_rng(0).normal(size=(len(X_TRAIN), 2))
    X = X_TRAIN.iloc[:, :3].assign(noise=noise[:, 0], more_noise=noise[:, 1])
    selector = SelectByShuffling(clone(CHOOSER), cv=2, random_state=0)
    selector.fit(X, Y_TRAIN)
    assert "noise" in selector.features_to_drop_
    assert set(X.columns) - set(selector.features_to_drop_)


class NetBagging(BaggingClassifier):
    """Bagging with the feature_importances_ that Boruta needs."""

    @property
    def feature_importances_(self):
        return sum(np.abs(net.coefs_[0]).sum(axis=1) for net in self.estimators_)


def boruta(tmp_path):
    from boruta import BorutaPy

    noise = np.random.default_rng(0).normal(size=(len(X_TRAIN), 3))
    X = InputStandardizer().fit_transform(X_TRAIN.iloc[:, :2])
    bag = NetBagging(clone(NET).set_params(alpha=30.0))
    selector = BorutaPy(bag, n_estimators=3, max_iter=15, random_state=0)
    selector.fit(np.column_stack([X, noise]), Y_TRAIN.to_numpy())
    assert selector.support_.tolist() == [True, True, False, False, False]


def mlxtend_selection(tmp_path):
    from mlxtend.feature_selection import SequentialFeatureSelector

    selector = SequentialFeatureSelector(clone(MODEL), k_features=2, cv=2)
    assert len(selector.fit(X_TRAIN.iloc[:, :4], Y_TRAIN).k_feature_names_) == 2


def shap_values(tmp_path):
    import shap

    X_train, X_test = (
        with_category_and_date(X).drop(columns="seen") for X in (X_TRAIN, X_TEST)
    )
    X_train.loc[X_train.index[::10], "size"] = None
    model = clone(CHOOSER).fit(X_train, Y_TRAIN)
    # SHAP compares values as numbers, so text is passed as codes.
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    codes.fit(X_train[["size"]])

    def coded(table):
        return table.assign(size=codes.transform(table[["size"]])[:, 0])

    def probability(rows):
        table = pd.DataFrame(rows, columns=X_train.columns)
        table["size"] = codes.inverse_transform(table[["size"]])[:, 0]
        return model.predict_proba(table)[:, 1]

    background = shap.maskers.Independent(coded(X_train.sample(20, random_state=0)))
    explainer = shap.PermutationExplainer(probability, background, seed=0)
    explained = explainer(coded(X_test[:5]))
    assert explained.feature_names == [*X_train.columns]
    np.testing.assert_allclose(
        explained.base_values + explained.values.sum(axis=1),
        model.predict_proba(X_test[:5])[:, 1],
        atol=1e-5,
    )


# -- uncertainty, label quality, fairness ----------------------------------------------


def mapie_sets(tmp_path):
    from mapie.classification import SplitConformalClassifier

    model = clone(MODEL).fit(X_TRAIN, Y_TRAIN)
    sets = SplitConformalClassifier(model, confidence_level=0.9, prefit=True)
    sets.conformalize(X_TEST[:70], Y_TEST[:70])
    _, inside = sets.predict_set(X_TEST[70:])
    truth = Y_TEST[70:].to_numpy()
    assert inside[np.arange(len(truth)), truth, 0].mean() > 0.8


def mapie_intervals(tmp_path):
    from mapie.regression import CrossConformalRegressor

    model = CrossConformalRegressor(NUMBER_NET, confidence_level=0.9, cv=3)
    model.fit_conformalize(NUMBERS[:300], Y_NUMBERS[:300])
    _, ends = model.predict_interval(NUMBERS[300:])
    inside = (ends[:, 0, 0] <= Y_NUMBERS[300:]) & (Y_NUMBERS[300:] <= ends[:, 1, 0])
    assert inside.mean() > 0.8


def crepes_intervals(tmp_path):
    from crepes import WrapRegressor

    model = WrapRegressor(clone(NUMBER_NET))
    model.fit(NUMBERS[:250], Y_NUMBERS[:250])
    model.calibrate(NUMBERS[250:350], Y_NUMBERS[250:350])
    ends = model.predict_int(NUMBERS[350:], confidence=0.9)
    inside = (ends[:, 0] <= Y_NUMBERS[350:]) & (Y_NUMBERS[350:] <= ends[:, 1])
    assert inside.mean() > 0.8


def cleanlab_labels(tmp_path):
    from cleanlab.classification import CleanLearning

    wrong = np.arange(0, len(Y_TRAIN), 25)
    y = Y_TRAIN.to_numpy().copy()
    y[wrong] = 1 - y[wrong]
    learner = CleanLearning(clone(MODEL), cv_n_folds=3, seed=0)
    found = learner.find_label_issues(X_TRAIN.to_numpy(), y)["is_label_issue"]
    assert found.to_numpy()[wrong].mean() > 0.5
    assert found.to_numpy().mean() < 0.2


def fairlearn_reduction(tmp_path):
    from fairlearn.reductions import DemographicParity, ExponentiatedGradient

    group = X_TRAIN.iloc[:, 1] > X_TRAIN.iloc[:, 1].median()
    X = InputStandardizer().fit_transform(X_TRAIN)
    model = ExponentiatedGradient(clone(NET), DemographicParity(), max_iter=3)
    model.fit(X, Y_TRAIN, sensitive_features=group)
    assert set(np.unique(model.predict(X, random_state=0))) == {0, 1}


def yellowbrick_curve(tmp_path):
    from yellowbrick.model_selection import LearningCurve

    curve = LearningCurve(clone(MODEL), cv=2, train_sizes=[0.5, 1.0])
    assert curve.fit(X_TRAIN, Y_TRAIN).test_scores_mean_[-1] > GOOD


# -- the table -------------------------------------------------------------------------


class Client(NamedTuple):
    """A library: what to install and import, the feature tested, and its test."""

    library: str
    module: str
    driven: str
    check: Callable


CLIENTS = [
    Client("mlflow-skinny", "mlflow", "sklearn.autolog", mlflow_autolog),
    Client("mlflow-skinny", "mlflow", "save_model, pyfunc.load_model", mlflow_models),
    Client("skore", "skore", "CrossValidationReport", skore_report),
    Client("optuna", "optuna", "pruning by a callback", optuna_pruning),
    Client("optuna-integration", "optuna_integration", "OptunaSearchCV", optuna_search),
    Client("hyperopt", "hyperopt", "fmin", hyperopt_search),
    Client("sklearn-genetic-opt", "sklearn_genetic", "GASearchCV", genetic_search),
    Client("dask-ml", "dask_ml", "GridSearchCV", dask_search),
    Client("dask-ml", "dask_ml", "ParallelPostFit", dask_predictions),
    Client("imbalanced-learn", "imblearn", "SMOTE in a pipeline", imbalanced_pipeline),
    Client("category_encoders", "category_encoders", "an encoder", category_encoder),
    Client(
        "feature_engine", "feature_engine", "dates, rare labels", feature_engine_dates
    ),
    Client(
        "feature_engine",
        "feature_engine",
        "SelectByShuffling",
        feature_engine_selection,
    ),
    Client("Boruta", "boruta", "BorutaPy", boruta),
    Client("mlxtend", "mlxtend", "SequentialFeatureSelector", mlxtend_selection),
    Client("shap", "shap", "PermutationExplainer on a raw frame", shap_values),
    Client("mapie", "mapie", "SplitConformalClassifier", mapie_sets),
    Client("mapie", "mapie", "CrossConformalRegressor", mapie_intervals),
    Client("crepes", "crepes", "WrapRegressor", crepes_intervals),
    Client("cleanlab", "cleanlab", "CleanLearning", cleanlab_labels),
    Client("fairlearn", "fairlearn", "ExponentiatedGradient", fairlearn_reduction),
    Client("yellowbrick", "yellowbrick", "LearningCurve", yellowbrick_curve),
]


@pytest.mark.parametrize(
    "client", CLIENTS, ids=[f"{each.library}: {each.driven}" for each in CLIENTS]
)
def test_a_client_works_with_our_estimators(client, tmp_path, monkeypatch):
    pytest.importorskip(
        client.module,
        reason=f"{client.driven} of {client.library}: pip install {client.library}",
    )
    monkeypatch.chdir(tmp_path)  # some write to the working directory
    client.check(tmp_path)
