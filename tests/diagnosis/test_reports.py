"""Every report: one line at a prompt, a readable text, and HTML in a notebook."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

import skdnn
from skdnn._reports import Report
from skdnn.displays.search_table import SearchTable

X, Y = load_iris(return_X_y=True)
X = X / 10


def net():
    return skdnn.MLPRegularizedClassifier((3,), activation="tanh", random_state=0)


def search_table():
    search = GridSearchCV(
        LogisticRegression(max_iter=500),
        {"C": [0.1, 1], "fit_intercept": [True, False]},
        cv=2,
        return_train_score=True,
    )
    return SearchTable.of(search.fit(X, Y).cv_results_, "C", "fit_intercept")


# A function that makes each report, and the start of its repr.
REPORTS = {
    "gradient_check": (
        lambda: net().gradient_check(X, Y, at="init"),
        "<GradientCheckReport: Gradient check: correct (relative error",
    ),
    "check_gradients": (
        lambda: skdnn.check_gradients(net(), X, Y, n_epochs=1),
        "<GradientChecks: Gradient check at initialisation and after 1 epoch: correct",
    ),
    "check_cost_descends": (
        lambda: skdnn.check_cost_descends(net(), X, Y, n_steps=1),
        "<CostDescentReport: Cost descent: J falls",
    ),
    "signal_propagation": (
        lambda: skdnn.signal_propagation(net(), X, Y, n_epochs=0),
        "<SignalReport: Signals with init=",
    ),
    "difference_orders": (
        lambda: skdnn.difference_orders(net(), X, Y, n_params=2),
        "<DifferenceOrders: Orders of the differences: 1.0",
    ),
    "decomposition": (
        lambda: skdnn.bias_variance_decomposition(
            DecisionTreeClassifier(max_depth=1), X, Y, X, Y, n_rounds=2, random_state=0
        ),
        "<BiasVarianceDecomposition: Expected squared error 0.",
    ),
    "bias_variance": (
        lambda: skdnn.BiasVarianceReport.from_errors(0.01, 0.11),
        "<BiasVarianceReport: high variance; Bayes 0, train 0.01, dev 0.11>",
    ),
    "search": (search_table, "<SearchTable: Best score "),
}


@pytest.mark.parametrize("name", REPORTS)
def test_repr_text_and_html(name):
    make, opening = REPORTS[name]
    report = make()
    line, text, html = repr(report), str(report), report._repr_html_()
    assert line.startswith(opening) and line.endswith(">")
    assert "\n" not in line and len(line) < 200
    headline, *below = text.splitlines()
    assert headline and len(below) > 2 and "array(" not in text
    assert html.startswith("<div>") and html.endswith("</div>")
    assert f"<b>{headline}</b>" in html.replace("&#x27;", "'")


def test_the_table_of_a_search_says_what_was_best():
    table = search_table()
    means = table.dev_scores.mean(axis=2)
    hue, best = np.unravel_index(means.argmax(), means.shape)
    at = f"C={table.values[best]:.4g}, fit_intercept={table.hue_values[hue]}"
    head, _, names, *rows = str(table).splitlines()
    assert f"Best score {means.max():.4g} with {at}, mean of 2 folds" in head
    assert names.split() == ["C", "fit_intercept", "dev", "std", "train"]
    assert len(rows) == 4 and {len(row) for row in rows} == {len(names)}


def test_html_is_escaped():
    @dataclass(repr=False)
    class Plain(Report):
        text: str

        def __str__(self) -> str:
            return self.text

    html = Plain("<a> & b\n\n<i>  c")._repr_html_()
    assert "<b>&lt;a&gt; &amp; b</b>" in html and "&lt;i&gt;  c</pre>" in html
    assert '<pre style="font-family: monospace;' in html  # or columns do not align
    assert "<pre" not in Plain("one line")._repr_html_()
    assert repr(Plain("first\nsecond")) == "<Plain: first>"
