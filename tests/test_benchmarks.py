"""The benchmarks run and say what they should; how fast is nobody's business here."""

import json

import pytest

from benchmarks import compare, report, steps
from benchmarks.__main__ import main
from benchmarks.measuring import alternate
from benchmarks.nets import NETS, Net, data_for

TINY = Net((4, 3, 2), batch_size=5, n_batches=4, repetitions=1)


@pytest.fixture(scope="module")
def document():
    names = ("floor", "skdnn", "sklearn")
    results = list(steps.measure_steps([TINY], repetitions=1, names=names))
    return report.document("steps", {"threads": 1}, results)


def test_one_result_per_keep_prob(document):
    results = document["results"]
    assert [r["keep_prob"] for r in results] == [1.0, 0.8]
    for result in results:
        assert result["net"] == "4-3-2"
        assert result["repetitions"] == 1
        assert set(result["us_per_step"]) == {"floor", "skdnn", "sklearn"}
        assert set(result["ratios"]) == {"step/floor", "sklearn/skdnn"}
        for value in (*result["us_per_step"].values(), *result["ratios"].values()):
            assert 0 < value["lower"] <= value["median"] <= value["upper"]


def test_ratios_are_those_of_the_times(document):
    for result in document["results"]:
        us = {name: value["median"] for name, value in result["us_per_step"].items()}
        ratio = result["ratios"]["step/floor"]["median"]
        assert ratio == pytest.approx(us["skdnn"] / us["floor"])


def test_table_has_a_line_per_result(document):
    lines = report.steps_table(document["results"]).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    assert "–" in lines[2]  # PyTorch was not asked


def test_json_round_trip_and_comparison(document, tmp_path, capsys):
    path = tmp_path / "results.json"
    report.write_json(path, document)
    assert json.loads(path.read_text(encoding="utf-8")) == document
    compare.main([str(path), str(path)])
    table = capsys.readouterr().out
    assert "step/floor" in table
    assert "1.000" in table


def test_comparison_refuses_another_benchmark(document):
    with pytest.raises(ValueError, match="'steps' and 'startup'"):
        compare.compare(document, {**document, "benchmark": "startup"})


def test_machine_facts_do_not_identify(document):
    facts = json.dumps(document["machine"])
    assert "/" not in facts
    assert {"python", "numpy", "numba", "cpus", "blas"} <= set(document["machine"])


def test_each_takes_its_turn():
    calls = []
    seconds = alternate({n: lambda n=n: calls.append(n) for n in "abc"}, 2)
    assert "".join(calls) == "abc" + "abc" + "bca"
    assert {name: len(values) for name, values in seconds.items()} == {
        "a": 2,
        "b": 2,
        "c": 2,
    }


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_every_output_is_used(net):
    one_batch = Net(net.sizes, net.batch_size, n_batches=1, repetitions=1)
    X, y = data_for(one_batch)
    assert X.shape == (net.batch_size, net.sizes[0])
    assert y.shape == ((len(X), 2) if net.is_multilabel else (len(X),))
    assert net.is_multilabel or set(y) == set(range(net.sizes[-1]))


def test_unknown_net_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--nets", "1-2-3"])
    assert "invalid choice" in capsys.readouterr().err
