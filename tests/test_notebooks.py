"""Notebooks run and show the right output: the course, and all reports.

`examples/plot_course.py` is converted with sphinx-gallery, as in the documentation.
The claim of a cell is checked against the numbers that it prints. Each kernel is a
separate process that keeps its files in a temporary folder.
"""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "examples" / "plot_course.py"
VOID = {"br", "hr", "img"}


def executed(notebook, folder):
    """Run a notebook in the repository root and return it with its outputs."""
    from nbclient import NotebookClient  # here, so that collecting tests is fast

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND", raising=False)  # the kernel's backend shows pictures
        for kind in ("CONFIG", "DATA", "RUNTIME"):
            patch.setenv(f"JUPYTER_{kind}_DIR", str(folder / kind.lower()))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        resources = {"metadata": {"path": str(ROOT)}}
        return NotebookClient(notebook, timeout=300, resources=resources).execute()


def printed(cell, stream="stdout"):
    """Return the printed output of a cell."""
    outputs = [out for out in cell.outputs if out.output_type == "stream"]
    return "".join(out.text for out in outputs if out.name == stream)


def shown(cell):
    """Return the value of a cell's last expression by MIME type."""
    (result,) = [out for out in cell.outputs if out.output_type == "execute_result"]
    return result.data


class WellFormed(HTMLParser):
    """A parser that requires balanced tags; `text` is the visible text."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text = [], ""
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        self.text += data


# The course


def pages_of_the_course():
    index = (ROOT / "docs/user_guide/index.md").read_text(encoding="utf-8")
    return re.search(r":caption: The course\n\n(.+?)\n```", index, re.S)[1].split()


def test_the_course_has_a_cell_for_each_page_with_its_title():
    cells = COURSE.read_text(encoding="utf-8").split("\n# %%\n")[1:]
    linked = [re.findall(r"<\.\./user_guide/(\w+)\.html>`_", cell) for cell in cells]
    assert linked == [[page] for page in pages_of_the_course()]
    for cell, (page,) in zip(cells, linked, strict=True):
        text = (ROOT / f"docs/user_guide/{page}.md").read_text(encoding="utf-8")
        title = text.splitlines()[0].removeprefix("# ")
        assert cell.startswith(f"# {title}\n# {'-' * len(title)}\n")
        assert f"\n# `Guide: {title} <" in cell


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return the code cells of the course by page."""
    from sphinx_gallery.notebook import python_to_jupyter_cli

    folder = tmp_path_factory.mktemp("course")
    script = shutil.copy(COURSE, folder)
    python_to_jupyter_cli([str(script)])
    notebook = nbformat.read(Path(script).with_suffix(".ipynb"), as_version=4)
    cells = executed(notebook, folder).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    return dict(zip(pages_of_the_course(), code, strict=True))


def after(words, text):
    """Return each number that follows the words, percentages as fractions."""
    found = re.findall(rf"{words} +([\d.]+(?:e[-+]?\d+)?)(%?)", text)
    return [float(number) / (100 if percent else 1) for number, percent in found]


def split_sizes_follow_the_rule(text):
    return "1079 train, 359 dev, 359 test" in text and "98% train, 1% dev" in text


def bias_and_variance_are_told_apart(text):
    small, large = text.splitlines()[:2]
    return "  high bias" in small and large.endswith("  high variance")


def l2_shrinks_and_l1_zeroes(text):
    free, l2, l1 = after("dev accuracy", text)
    rms, zeros = after("rms", text), re.findall(r"(\d+)% zeros", text)
    is_sparse = zeros[:2] == ["0", "0"] and int(zeros[2]) > 50
    return min(l2, l1) > free + 0.05 and rms[0] > 3 * rms[1] and is_sparse


def memorises_less_and_predicts_better(text):
    (free, held), (before, now) = (after(f"{part} accuracy", text) for part in PARTS)
    return held < free - 0.05 and now > before + 0.05


def dev_error_falls(text):
    without, with_copies = after("dev error", text)
    return with_copies < without - 0.01


def standardising_improves_the_condition(text):
    (before, now), (raw, scaled) = (after(f, text) for f in ("condition", "accuracy"))
    warned = ["with a warning" in line for line in text.splitlines()]
    return before > 1000 * now and scaled > raw + 0.2 and warned == [True, False]


def bins_show_the_waves(text):
    plain, encoded = after("dev accuracy", text)
    return encoded > plain + 0.2


def he_is_healthy(text):
    return "3325" in text and "init=he: healthy" in text and "xavier: van" in text


def gradients_are_checked(text):
    return "3.0301" in text and "3.0001" in text and ": correct" in text


PARTS = ("train", "dev")
CLAIMS = {
    "train_dev_test": split_sizes_follow_the_rule,
    "bias_variance": bias_and_variance_are_told_apart,
    "penalties": l2_shrinks_and_l1_zeroes,
    "dropout": memorises_less_and_predicts_better,
    "early_stopping": memorises_less_and_predicts_better,
    "augmentation": dev_error_falls,
    "normalising": standardising_improves_the_condition,
    "encoding": bins_show_the_waves,
    "signals": he_is_healthy,
    "gradient_checking": gradients_are_checked,
}
REPORTS_OF_THE_COURSE = {"bias_variance", "signals", "gradient_checking"}


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_of_the_course())
def test_each_cell_of_the_course_shows_its_claim(course, page):
    cell = course[page]
    assert not printed(cell, "stderr")
    assert not [out for out in cell.outputs if out.output_type == "error"]
    text = printed(cell)
    if page in REPORTS_OF_THE_COURSE:
        data = shown(cell)
        assert data["text/html"].startswith("<div>")
        text += data["text/plain"]
    assert CLAIMS[page](text), text


@pytest.mark.slow
def test_the_course_draws_the_early_stopping_curve(course):
    outputs = course["early_stopping"].outputs
    assert [out for out in outputs if "image/png" in out.get("data", {})]


# The reports

SETUP = """
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

import skdnn

X, y = load_iris(return_X_y=True)
X = X / 10
net = skdnn.MLPRegularizedClassifier((3,), "tanh", random_state=0)
tree = DecisionTreeClassifier(max_depth=1, random_state=0)
search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, cv=2)
"""
# An expression for each report, and the finding that a notebook must show.
REPORTS = {
    "GradientCheckReport": (
        'net.gradient_check(X, y, at="init")',
        "Gradient check: correct",
    ),
    "GradientChecks": (
        "skdnn.check_gradients(net, X, y, n_epochs=2)",
        "after 2 epochs: correct",
    ),
    "CostDescentReport": (
        "skdnn.check_cost_descends(net, X, y, n_steps=2)",
        "J falls at every step",
    ),
    "SignalReport": (
        'skdnn.signal_propagation(net.set_params(init="zeros"), X, y, n_epochs=1)',
        "Initialise with init='xavier'",
    ),
    "DifferenceOrders": (
        'skdnn.difference_orders(net.set_params(init="auto"), X, y, n_params=2)',
        "1.00 one-sided, 2.00 two-sided",
    ),
    "BiasVarianceDecomposition": (
        "skdnn.bias_variance_decomposition(tree, X, y, X, y, random_state=0)",
        "expected loss",
    ),
    "BiasVarianceReport": (
        "skdnn.BiasVarianceReport.from_errors(0.01, 0.11, n_train=900, n_dev=300)",
        "high variance",
    ),
    "SearchTable": (
        'skdnn.ParameterScoreDisplay.from_estimator(search.fit(X, y), "C").table_',
        "with C=1, mean of 2 folds",
    ),
}


def test_the_notebook_has_each_report_of_the_library():
    sources = (ROOT / "skdnn").rglob("*.py")
    kinds = [
        name
        for source in sources
        for name in re.findall(
            r"^class (\w+)\(Report\):", source.read_text(encoding="utf-8"), re.M
        )
    ]
    assert sorted(kinds) == sorted(REPORTS)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Return a cell per report: the report printed, and as the last expression."""
    sources = [
        f"report = {make}\nprint(report)\nreport" for make, _ in REPORTS.values()
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *sources)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    _, *done = executed(notebook, tmp_path_factory.mktemp("reports")).cells
    return dict(zip(REPORTS, done, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("kind", REPORTS)
def test_a_notebook_shows_each_report(reports, kind):
    cell, (_, finding) = reports[kind], REPORTS[kind]
    assert not printed(cell, "stderr")
    text, data = printed(cell), shown(cell)
    line = data["text/plain"]
    assert line.startswith(f"<{kind}: ") and line.endswith(">")
    assert "\n" not in line and len(line) < 200
    lines = text.splitlines()
    assert len(lines) > 3 and max(map(len, lines)) <= 100 and finding in text
    page = WellFormed(data["text/html"]).text
    assert lines[0] in page and finding in page
    # HTML and text have the same words and numbers in the same order.
    assert "".join(page.split()) == "".join(
        re.sub(r"^ +\d\. ", "", text, flags=re.M).split()
    )


@pytest.mark.parametrize("html", ["<div><p>a</div>", "<p>a</p></div>", "<table><tr>"])
def test_html_that_is_not_well_formed_is_seen(html):
    with pytest.raises(AssertionError):
        WellFormed(html)
