"""The performance page is made from the files of results, and no figure by hand."""

import json
import re

import numpy as np
import pytest

from benchmarks import everything, page
from benchmarks.documents import Documents
from skdnn.network.dispatchers import hash_of_sources

DOCUMENTS = Documents(page.RESULTS)


def test_each_page_is_what_the_command_writes():
    found = dict(page.pages(DOCUMENTS))
    assert page.PAGE in found
    assert len(found) > 1  # pages of the user guide show figures, too
    for path, text in found.items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.name} is not what `python -m benchmarks page` writes."
        )


def test_the_template_has_no_figure_of_its_own():
    template = page.TEMPLATE.read_text(encoding="utf-8")
    measured = re.findall(r"\d+\.\d+|\d+ ?(?:%|µs|MB|seconds)", template)
    assert measured == []


def test_a_figure_changed_by_hand_is_set_right():
    name = "quality.tables"
    right = page.shown(DOCUMENTS, name)
    text = f"On <!-- figure: {name} -->{{}}<!-- end --> tables."
    by_hand = page.with_figures(DOCUMENTS, text.format("a thousand"))
    assert by_hand == text.format(right)


def test_no_figure_within_a_sentence_begins_a_line():
    """Markdown would take the rest of such a line for HTML."""
    for path, text in page.pages(DOCUMENTS):
        found = re.search(r"^ {0,3}<!-- figure: [^>\n]*-->[^\n]+", text, flags=re.M)
        assert found is None, f"{path.name}: {found}"


def test_a_table_stands_between_empty_lines():
    text = "<!-- figure: table:dask -->\nold\n<!-- end -->"
    lines = page.with_figures(DOCUMENTS, text).split("\n")
    assert (lines[1], lines[-2]) == ("", "")
    assert lines[2].startswith("| workers")


def test_an_unknown_figure_is_named():
    with pytest.raises(ValueError, match=r"no figure 'quality.sklern'"):
        page.shown(DOCUMENTS, "quality.sklern")


def test_a_missing_file_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no steps.json.*benchmarks all"):
        page.shown(Documents(tmp_path), "machine")


def test_no_result_file_tells_of_a_folder():
    for name in DOCUMENTS.names():
        text = json.dumps(DOCUMENTS[name]["settings"] | DOCUMENTS[name]["machine"])
        assert "/" not in text, name


def files_run(monkeypatch, folder, commands=("steps", "quality"), **options):
    """Return the names of the files that were written."""
    written = []

    def run(arguments):
        path = arguments[arguments.index("--out") + 1]
        written.append(path.rpartition("/")[2].rpartition("\\")[2])
        content = {
            "settings": {"quick": "--quick" in arguments},
            "machine": {"skdnn_sources": hash_of_sources()},
        }
        (folder / written[-1]).write_text(json.dumps(content), encoding="utf-8")
        return 60.0

    monkeypatch.setattr(everything, "_run", run)
    everything.run_everything(commands, folder, **options)
    return written


def test_what_is_there_is_not_run_again(monkeypatch, tmp_path, capsys):
    both = ["steps.json", "shipped.json"]
    assert files_run(monkeypatch, tmp_path, quick=True) == both
    assert files_run(monkeypatch, tmp_path, quick=True) == []
    assert "up to date" in capsys.readouterr().out
    assert files_run(monkeypatch, tmp_path) == both  # a quick run does not count
    assert files_run(monkeypatch, tmp_path, quick=True) == []
    (tmp_path / "steps.json").unlink()  # interrupted
    assert files_run(monkeypatch, tmp_path) == ["steps.json"]
    assert files_run(monkeypatch, tmp_path, again=True) == both
    both.append("quality.json")
    assert files_run(monkeypatch, tmp_path, tables=tmp_path) == both[2:]
    assert json.loads((tmp_path / "steps.json").read_text())["took_seconds"] == 60
    assert files_run(monkeypatch, tmp_path, ["errors"]) == []  # without tables
    (of_errors,) = files_run(monkeypatch, tmp_path, ["errors"], tables=tmp_path)
    assert of_errors == "errors.json"
    monkeypatch.setattr(everything, "hash_of_sources", lambda: "of other sources")
    assert files_run(monkeypatch, tmp_path)[:1] == ["steps.json"]


def test_figures_are_those_of_the_files():
    (over_all,) = DOCUMENTS.results("quality", table="all tables")
    ratios = [
        result["ratios"]["sklearn/skdnn"]["median"]
        for result in DOCUMENTS.results("quality")[:-1]
    ]
    median = over_all["ratios"]["sklearn/skdnn"]["median"]
    assert median == pytest.approx(np.median(ratios))
    assert page.shown(DOCUMENTS, "quality.sklearn") == f"{median:.1f}"
    assert page.shown(DOCUMENTS, "quality.tables") == str(len(ratios))


def test_the_log_loss_is_a_geometric_mean_over_tables():
    losses = [result["log_loss"] for result in DOCUMENTS.results("quality")[:-1]]
    logs = [
        np.log(each["skdnn"]["median"]) - np.log(each["sklearn"]["median"])
        for each in losses
    ]
    shown = float(page.shown(DOCUMENTS, "quality.log_loss"))
    assert shown == pytest.approx(np.exp(np.mean(logs)), abs=0.005)
