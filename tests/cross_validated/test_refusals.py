"""Invalid values and arguments: one error names them and what is allowed."""

import re

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, make_scorer

from skdnn import GaussianNoise, MLPRegularizedClassifier
from tests.cross_validated.small import classifier, regressor
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import same_state

X, Y = make_rows()
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# parameter, invalid values, further words of the error
VALUES = [
    ("hidden_layer_sizes", [(0,), -1, "a", (8, 2.5), None], ""),
    ("activation", ["sigmoid"], "activation='logistic'"),
    ("activation", [["relu", "tanh"]], "one per hidden layer"),
    ("solver", ["lbfgs"], "'adam'"),
    ("solver", ["rmsprop"], "solver='adam'"),
    ("alphas", [-1, "a", None, np.nan, np.inf], r"array-like or a float in the range"),
    ("alphas", [[], [-1], [[1]], [True], True, {1, 2}, (1, "a"), [np.nan]], ">= 0"),
    ("l1_ratio", [2, None], ""),
    ("keep_probs", [0, 2, "a", None, np.nan], "1 minus a dropout rate"),
    (
        "keep_probs",
        [[], [0], [(0.5, 0.5)], [0.5, "a"], True, {0.5}],
        r"number in \(0, 1\]",
    ),
    ("encodings", ["one-hot", 3], "'piecewise'"),
    ("encodings", ["standardize", None], "encodings='standard'"),
    ("encodings", ["ple"], "encodings='piecewise'"),
    ("encodings", [[], ["standard", "x"], ("standard", 2)], "one or several of"),
    ("input_keep_prob", [0], "1 minus a dropout rate"),
    ("max_norm", [-1], ""),
    ("max_grad_norm", [0], ""),
    ("augmentation", [3], ""),
    ("augmentation", [GaussianNoise], r"Pass an instance, GaussianNoise\(...\)"),
    ("augmentation", [[GaussianNoise()]], "AugmentationPipeline"),
    ("init", ["kaiming"], "init='he'"),
    ("bias_init", ["no"], ""),
    ("batch_size", [0, 2.5], ""),
    ("batch_size", ["full"], "batch_size=len"),
    ("learning_rate_init", [0, "constant"], ""),
    ("averaging_decay", [1, -1, None], ""),
    ("max_steps", [0, "no", 2.5, None, np.inf], "'auto'"),
    ("n_iter_no_change", [0, None, 2.5], ""),
    ("tol", [-1, None], ""),
    ("shuffle", ["no"], "shuffle=False"),
    ("class_weight", ["auto"], "class_weight='balanced'"),
    ("class_weight", [{7: 2.0}], "not among the classes"),
    ("cv", ["loo", 3.0, 1, True], "int in the range"),
    ("scoring", ["acc"], "scoring='accuracy'"),
    ("scoring", ["auc"], "scoring='roc_auc'"),
    ("scoring", [None], "scoring='loss'"),
    ("scoring", [["accuracy"]], "Only one scorer"),
    ("scoring", [accuracy_score], "scoring='accuracy'"),
    ("n_members", [0, 2.5, "auto"], ""),
    ("refit", ["no"], "refit=False"),
    ("calibrate", [1], "calibrate=True"),
    ("preprocess", ["auto", None], ""),
    ("categorical_features", [3, "auto", [0.5]], ""),
    ("warm_start", [True], r"copy of members_\[0\]"),
    ("dtype", ["single"], "dtype='float32'"),
    ("n_jobs", ["a", 2.5], ""),
    ("n_jobs", [0], "-1 to use all cores"),
    ("verbose", ["a"], ""),
    ("random_state", [-1, "a"], ""),
]
CASES = [(name, value, words) for name, values, words in VALUES for value in values]
OF_REGRESSOR = [
    ("loss", "mse", "loss='squared_error'"),
    ("loss", "log_loss", "For classes use"),
    ("delta", 0, "float in the range"),
    ("normalize_y", "no", "normalize_y=False"),
    ("scoring", "rmse", "scoring='neg_root_mean_squared_error'"),
]


@pytest.fixture(scope="module")
def fitted():
    return classifier(max_steps=3).fit(X, Y)


@pytest.mark.parametrize(("name", "value", "words"), CASES)
def test_values_of_parameters(name, value, words, fitted):
    model = classifier().set_params(**{name: value})
    vars(model).update({k: v for k, v in vars(fitted).items() if k.endswith("_")})
    before = dict(vars(model))
    with pytest.raises((ValueError, TypeError)) as info:
        model.fit(X, Y)
    message = str(info.value)
    assert name in message and "\n" not in message
    assert re.search(words, message), message
    if value.__class__ in (int, float, str, list):
        assert repr(value) in message
    assert "MLPRegularizedClassifier " not in message
    assert same_state(vars(model), before)


@pytest.mark.parametrize(("name", "value", "words"), OF_REGRESSOR)
def test_values_of_a_regressor_s_parameters(name, value, words):
    with pytest.raises(ValueError, match=words) as info:
        regressor().set_params(**{name: value}).fit(X, X[:, 0])
    assert name in str(info.value)


def test_candidates_are_accepted_in_all_forms():
    model = classifier(
        hidden_layer_sizes=(4, 3),
        alphas=np.array([0.1, 0.1, 2]),
        keep_probs=[1.0, (0.5, 0.9), np.array([0.7, 0.8]), 1],
        encodings=np.array(["standard", "standard"]),
        max_steps=3,
    )
    model.fit(X, Y)
    assert model.candidates_ == [
        {"alpha": alpha, "keep_prob": keep_prob, "encoding": "standard"}
        for alpha in (0.1, 2.0)
        for keep_prob in (1.0, (0.5, 0.9), (0.7, 0.8))
    ]
    assert model.scores_.shape == (6, 1, 3)


def test_l1_ratio_without_a_penalty_warns_once():
    with pytest.warns(UserWarning) as caught:
        classifier(l1_ratio=0.5, alphas=[0], keep_probs=[0.5, 1]).fit(X, Y)
    messages = [w for w in caught if "l1_ratio=0.5 has no effect" in str(w.message)]
    assert [w.filename for w in messages] == [__file__]
    classifier(l1_ratio=0.5, alphas=[0, 1.0], max_steps=3).fit(X, Y)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("eval_set", "X_val=..., y_val=..."),
        ("groupz", "Did you mean groups?"),
        ("sample_weights", "Did you mean sample_weight?"),
        ("epochs", "parameter max_steps"),
        ("lr", "parameter learning_rate_init"),
        ("validation_split", "parameter cv"),
        ("alphas", "set_params(alphas=...)"),
        ("callbacks", "set_callbacks"),
        ("classes", "fit finds the classes in y"),
    ],
)
def test_unknown_arguments_of_fit(argument, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        classifier().fit(X, Y, **{argument: 1})


def test_the_plain_classifier_names_the_class_that_accepts_groups():
    with pytest.raises(TypeError, match="use MLPRegularizedClassifierCV"):
        MLPRegularizedClassifier().fit(X, Y, groups=Y)
    with pytest.raises(TypeError, match="parameter max_iter"):
        MLPRegularizedClassifier().fit(X, Y, epochs=3)


@pytest.mark.parametrize(
    ("scoring", "words"),
    [
        ("roc_auc_ovr", "no row of class 9"),
        (lambda estimator, X, y: np.nan, "that of the present network is nan"),
        (lambda estimator, X, y: "good", "must return a number, got 'good'"),
    ],
)
def test_scorers_without_a_score(scoring, words):
    y = np.where(np.arange(len(Y)) < 2, 9, Y)
    with pytest.raises((ValueError, TypeError), match=words):
        classifier(scoring=scoring, cv=5).fit(X, y)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize(
    "scoring",
    ["accuracy", "f1_macro", "roc_auc_ovr", make_scorer(accuracy_score)],
)
def test_scorers_by_name_and_as_functions(scoring, kind):
    rows, y = make_rows(kind)
    model = classifier(scoring=scoring, max_steps=3).fit(rows, y)
    assert 0 <= model.oof_score_ <= 1
    assert model.oof_score_ == pytest.approx(model.scores_[0, 0].mean(), abs=0.02)


def test_a_scorer_without_weights_raises_a_warning():
    with pytest.warns(UserWarning, match="takes no sample_weight") as caught:
        classifier(scoring=lambda estimator, X, y: 0.5, max_steps=3).fit(
            X, Y, sample_weight=1.0 + Y
        )
    messages = [w for w in caught if "takes no sample_weight" in str(w.message)]
    assert {w.filename for w in messages} == {__file__}


def test_a_scorer_gets_networks_and_their_inputs():
    seen = []

    def scorer(estimator, X, y):
        seen.append((type(estimator), X.shape[1], len(y)))
        return estimator.score(X, y)

    rows = np.column_stack([X, np.arange(60) % 3 == 0, np.ones(60)])
    classifier(scoring=scorer, max_steps=3).fit(rows, Y)
    assert seen == [(MLPRegularizedClassifier, 5, 20)] * 3
