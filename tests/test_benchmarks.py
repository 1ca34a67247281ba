"""The benchmarks run and say what they should; how fast is nobody's business here.

What runs a benchmark, even a tiny one, is marked as slow; the default run checks what
they report and that their commands exist.
"""

import json
from functools import partial

import pytest

import benchmarks.__main__ as command
from benchmarks import (
    activations,
    augmentation,
    compare,
    cv,
    dask_workers,
    extras,
    frames,
    growth,
    growth_picture,
    memory,
    partial_fit,
    prediction,
    report,
    search,
    startup,
    steps,
    targets,
    threads,
)
from benchmarks.__main__ import main
from benchmarks.measuring import alternate
from benchmarks.nets import NETS, Net, data_for
from skdnn import Mixup, RandomFlip

TINY_TABLE = cv.Table("digits", 300, None, (2,), batch_size=20, n_epochs=1)
TINY = Net((4, 3, 2), batch_size=5, n_batches=4, repetitions=1)
ONE_BATCH = Net((4, 3, 3), batch_size=5, n_batches=1, repetitions=1)


@pytest.fixture(scope="module")
def document():
    names = ("floor", "skdnn", "sklearn")
    results = list(steps.measure_steps([TINY], repetitions=1, names=names))
    return report.document("steps", {"threads": 1}, results)


@pytest.mark.slow
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


@pytest.mark.slow
def test_ratios_are_those_of_the_times(document):
    for result in document["results"]:
        us = {name: value["median"] for name, value in result["us_per_step"].items()}
        ratio = result["ratios"]["step/floor"]["median"]
        assert ratio == pytest.approx(us["skdnn"] / us["floor"])


@pytest.mark.slow
def test_table_has_a_line_per_result(document):
    lines = report.steps_table(document["results"]).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    assert "–" in lines[2]  # PyTorch was not asked


@pytest.mark.slow
def test_json_round_trip_and_comparison(document, tmp_path, capsys):
    path = tmp_path / "results.json"
    report.write_json(path, document)
    assert json.loads(path.read_text(encoding="utf-8")) == document
    compare.main([str(path), str(path)])
    table = capsys.readouterr().out
    assert "step/floor" in table
    assert "1.000" in table


@pytest.mark.slow
def test_comparison_refuses_another_benchmark(document):
    with pytest.raises(ValueError, match="'steps' and 'startup'"):
        compare.compare(document, {**document, "benchmark": "startup"})


@pytest.mark.slow
def test_machine_facts_do_not_identify(document):
    facts = json.dumps(document["machine"])
    assert "/" not in facts
    assert {"python", "numpy", "numba", "cpus", "blas"} <= set(document["machine"])


def test_results_with_other_keys_stay_in_their_columns():
    percent = {"percent": {"share": {"median": 1.0}}}
    results = [{"net": "4-3-2", "case": "a", **percent}]
    results += [{"case": "b", "rows": 150, **percent}]
    header, _, first, second = report.overview(results).splitlines()
    cells = [[c.strip() for c in line.split("|")] for line in (header, first, second)]
    assert cells[0][1:4] == ["net", "case", "rows"]
    assert cells[1][1:4] == ["4-3-2", "a", ""]
    assert cells[2][1:4] == ["", "b", "150"]


def test_each_takes_its_turn():
    calls = []
    seconds = alternate({n: lambda n=n: calls.append(n) for n in "abc"}, 9)
    turns = ["".join(calls[k : k + 3]) for k in range(0, len(calls), 3)]
    assert len(turns) == 1 + 9  # the first warms up
    assert {"".join(sorted(turn)) for turn in turns} == {"abc"}
    assert len(set(turns)) > 2
    assert {name: len(s) for name, s in seconds.items()} == {"a": 9, "b": 9, "c": 9}


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


MULTICLASS = Net((4, 3, 3), batch_size=5, n_batches=4, repetitions=1)


def _measure_growth():
    which = list(
        growth.points(
            rows=(400, 800),
            widths=(2, 4),
            depths=(1, 2),
            columns=(3, 5),
            sparse_columns=(600,),
            file_rows=(400, 600),
        )
    )
    return growth.measure_growth(which, repetitions=1)


# name: what measures in a tiny form, what names a result, its groups in turn
TINY_FORMS = {
    "activations": (
        partial(activations.measure_activations, [TINY], repetitions=1),
        ["net", "batch_size"],
        [
            {
                "us_per_step": {"relu", "tanh", "gelu", "silu"},
                "ratios": {"tanh/relu", "gelu/relu", "silu/relu"},
            }
        ],
    ),
    "augmentation": (
        partial(
            augmentation.measure_augmentation,
            [TINY],
            repetitions=1,
            measured={"flips and shifts": RandomFlip((2, 2)), "mixup": Mixup()},
        ),
        ["net", "batch_size", "augmentation"],
        [
            {
                "ms_per_epoch": {"without", "with"},
                "us": {"added per row"},
                "ratios": {"with/without"},
            }
        ]
        * 2,
    ),
    "threads": (
        partial(threads.measure_threads, [TINY], repetitions=1),
        ["net", "batch_size"],
        [{"us_per_step": {"one", "two"}, "ratios": {"one/two"}}],
    ),
    "frames": (
        partial(frames.measure_frames, [frames.Setting(TINY, 20, 1)], 1, epochs=1),
        ["net", "rows", "container", "batch_size"],
        [{"ms_per_epoch": {"skdnn", "sklearn"}, "ratios": {"sklearn/skdnn"}}] * 4,
    ),
    "partial_fit": (
        partial(partial_fit.measure_partial_fit, [ONE_BATCH], repetitions=1),
        ["net", "rows"],
        [{"ms": {"skdnn", "sklearn", "floor"}, "ratios": {"skdnn/sklearn"}}],
    ),
    "extras": (
        partial(
            extras.measure_of_fits, [extras.TableOfRows(60, 3, 1, (("max_iter", 1),))]
        ),
        ["case", "rows"],
        [{"ms": {"part", "fit"}, "percent": {"share"}}] * 3,
    ),
    "search": (
        partial(
            search.measure_search,
            1,
            search.Search((1.0,), ((2,),), folds=2, epochs=1, n_rows=60),
        ),
        ["backend"],
        [
            {
                "seconds": {"skdnn", "sklearn"},
                "ratios": {"sklearn/skdnn", "best sklearn/skdnn"},
            }
        ]
        * 3,
    ),
    "nets at once": (
        partial(cv.measure_nets, 1, (TINY_TABLE,)),
        ["table", "case"],
        [{"seconds": {"one", "all"}, "ratios": {"all/(K/c one)"}}] * 6,
    ),
    "choice": (
        partial(
            cv.measure_choice, 1, cv.Choice(TINY_TABLE, (0.1, 1.0), (1.0,), folds=2)
        ),
        ["case"],
        [
            {
                "seconds": {
                    *("cv", "ours, loky", "ours, threading"),
                    *("sklearn, loky", "sklearn, threading"),
                },
                "ratios": {"ours/cv", "sklearn/cv"},
            }
        ]
        * 2,
    ),
    "prediction": (
        partial(
            prediction.measure_prediction,
            (prediction.Setting(MULTICLASS, 20),),
            repetitions=1,
            calls=2,
        ),
        ["net", "rows"],
        [
            {
                "us": {"floor", "skdnn", "sklearn"},
                "ratios": {"skdnn/floor", "skdnn/sklearn"},
            },
            {
                "ms": {"floor", "decision_function", "predict_proba", "sklearn"},
                "ratios": {
                    "decision_function/floor",
                    "predict_proba/floor",
                    "sklearn/skdnn",
                },
            },
        ],
    ),
    "growth": (
        _measure_growth,
        ["grows", "to", "batch_size"],
        [{"ms_per_epoch": {"skdnn", "floor"}, "ratios": {"skdnn/floor"}}] * 4
        + [{"us_per_step": {"skdnn", "floor"}, "ratios": {"skdnn/floor"}}] * 7,
    ),
    "workers": (
        partial(startup.measure_workers, 1),
        ["process", "cache"],
        [{"seconds": {"skdnn", "sklearn"}, "ratios": {"skdnn/sklearn"}}],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY_FORMS)
def test_tiny_form_gives_what_is_documented(name):
    if name == "frames":
        pytest.importorskip("pandas")
    measure, identity, groups = TINY_FORMS[name]
    results = list(measure())
    assert len(results) == len(groups)
    for result, expected in zip(results, groups, strict=True):
        assert list(report.identity(result)) == identity
        assert result["repetitions"] == 1
        measured = {g: set(result[g]) for g in report.UNITS if g in result}
        assert measured == expected
        assert set(result.get("targets", ())) <= set().union(*measured.values())
        for value in (v for group in measured for v in result[group].values()):
            assert 0 < value["lower"] <= value["median"] <= value["upper"]
    _check_tables(results)


def _check_tables(results):
    lines = report.overview(results).splitlines()
    assert len(lines) == 2 + len(results)
    assert len({len(line) for line in lines}) == 1
    content = json.loads(json.dumps(report.document("any", {}, results)))
    compared = compare.compare(content, content).splitlines()[2:]
    assert compared
    assert all("1.000" in line for line in compared)


@pytest.mark.slow
def test_the_share_of_the_average_is_in_percent_of_a_step():
    (result,) = extras.measure_averaging([TINY], repetitions=1)
    assert set(report.identity(result)) == {"net", "case"}
    assert -100 < result["percent"]["share"]["median"] < 1000  # it may seem negative
    assert set(result["targets"]) == set(result["percent"])


@pytest.mark.slow
@pytest.mark.skipif(not memory.IS_AVAILABLE, reason=memory.UNAVAILABLE)
def test_memory_is_what_a_process_adds():
    cases = ("fit, float64 memory map", memory.PREDICTION)
    mapped, predicted = memory.measure_memory(1, 20_000, 2_000, cases)
    assert [mapped["rows"], predicted["rows"]] == [20_000, 2_000]
    assert set(mapped["targets"]) == {"anonymous"}
    for result in (mapped, predicted):
        assert list(report.identity(result)) == ["case", "rows"]
        assert set(result["megabytes"]) == {"anonymous", "total"}
    # The file of 16 MB is read, and is not memory of the process.
    added = {name: value["median"] for name, value in mapped["megabytes"].items()}
    assert added["total"] - added["anonymous"] > 10
    _check_tables([mapped])


def test_without_linux_memory_says_so(monkeypatch, capsys):
    monkeypatch.setattr(memory, "IS_AVAILABLE", False)
    main(["memory"])
    assert capsys.readouterr().out.strip() == memory.UNAVAILABLE
    with pytest.raises(NotImplementedError, match="only Linux"):
        next(memory.measure_memory())


def test_compiling_is_what_an_empty_cache_costs(monkeypatch):
    cold, warm = [1.0, 0.5, 8.0, 2.0], [1.0, 0.5, 0.25, 0.25]
    runs = iter([[9.0, 9.0, 9.0, 9.0], cold, warm, warm, warm])
    monkeypatch.setattr(startup, "_run", lambda cache, bytecode: next(runs))
    empty, filled = startup.measure_startup(repetitions=1)
    assert [empty["cache"], filled["cache"]] == ["empty", "filled"]
    assert set(filled["seconds"]) == {*startup.PHASES, "all of skdnn", "total"}
    assert empty["seconds"]["compiling"]["median"] == pytest.approx(9.5)
    assert filled["seconds"]["all of skdnn"]["median"] == pytest.approx(1.0)
    assert "≤ 0.3, missed" in report.overview([empty, filled])


@pytest.mark.slow
def test_a_new_process_compiles_once():
    empty, filled = startup.measure_startup(repetitions=1)
    assert empty["seconds"]["fit"]["median"] > filled["seconds"]["fit"]["median"]


@pytest.mark.slow
def test_picture_is_the_same_each_time(tmp_path):
    pytest.importorskip("matplotlib")
    results = []
    for grows, group in growth.GROUPS.items():
        for to in (10, 20_000):
            values = {name: {"median": float(to)} for name in ("skdnn", "floor")}
            ratios = {"skdnn/floor": {"median": 1.0}}
            results.append({"grows": grows, "to": to, group: values, "ratios": ratios})
    pictures = []
    for name in ("a.svg", "b.svg"):
        growth_picture.draw(results, tmp_path / "new folder" / name)
        pictures.append((tmp_path / "new folder" / name).read_bytes())
    assert pictures[0] == pictures[1]
    assert b"<dc:date>" not in pictures[0]


@pytest.mark.slow
def test_command_writes_what_it_prints(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "NETS", (TINY,))
    path = tmp_path / "a.json"
    main(["threads", "--quick", "--out", str(path)])
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["benchmark"] == "threads"
    assert content["results"][0]["repetitions"] == 3
    assert "one/two" in capsys.readouterr().out


@pytest.mark.slow
def test_workers_of_dask_agree():
    results = list(dask_workers.measure_dask(n_rows=2000, epochs=1))
    assert len(results) == len(dask_workers.WORKERS) * len(dask_workers.MODES)
    one, two = results[: len(results) // 2], results[len(results) // 2 :]
    for a, b in zip(one, two, strict=True):
        assert a["cost"] == pytest.approx(b["cost"], rel=1e-5)
        assert a["sync_every"] == b["sync_every"]
    assert "ms per step" in dask_workers.table(results)


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    assert "--quick" in capsys.readouterr().out


def test_verdict_tells_what_is_missed():
    assert targets.verdict(targets.at_most(1.15), 1.15) == "≤ 1.15"
    assert targets.verdict(targets.at_most(1.15), 1.16) == "≤ 1.15, missed"
    assert targets.verdict(targets.at_least(4), 4.0) == "≥ 4"
    assert targets.verdict(targets.at_least(4), 3.9) == "≥ 4, missed"
