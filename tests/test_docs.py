"""Code in the documentation runs and prints the output that its page shows.

The ```python blocks of a page run in order, in one namespace, without a warning. A
```text block right after one of them is its expected output: words must match except
for white space, and "..." matches anything. Integers must agree exactly. A number with
a decimal point, an exponent or a per cent sign may differ by one unit in its last
digit, so a page shows only digits that other processors and BLAS builds reproduce.
"""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILT = {"_build", "auto_examples", "generated"}
UNITS_OF_LAST_DIGIT = 1

SNIPPET = re.compile(
    r"^```python\n(?P<code>.*?)^```$(?:\n+```text\n(?P<output>.*?)^```$)?",
    flags=re.M | re.S,
)
NUMBER = r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?%?(?!\w)"
PIECE = re.compile(rf"(?P<anything>\.\.\.)|(?P<number>{NUMBER})|(?P<space>\s+)")
DIFF = re.compile(
    r"^```diff\n--- (?P<path>\S+)\n(?P<lines>.*?)^```$", flags=re.M | re.S
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def pages():
    """Return the hand-written pages by their path from the root."""
    found = [
        path.relative_to(ROOT)
        for path in (ROOT / "docs").rglob("*.md")
        if not BUILT & set(path.relative_to(ROOT).parts)
    ]
    at_the_root = [Path("CONTRIBUTING.md"), Path("README.md")]
    return sorted(map(Path.as_posix, [*at_the_root, *found]))


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


PAGES = pages()
PAGES_WITH_SNIPPETS = [page for page in PAGES if SNIPPET.search(text_of(page))]


def pattern_of(shown):
    """Return a pattern for outputs that differ from the shown one in numbers only."""
    shown, pattern, end = shown.strip(), "", 0
    for piece in PIECE.finditer(shown):
        pattern += re.escape(shown[end : piece.start()])
        pattern += {"anything": ".*?", "number": f"({NUMBER})", "space": r"\s+"}[
            piece.lastgroup
        ]
        end = piece.end()
    return re.compile(r"\s*" + pattern + re.escape(shown[end:]) + r"\s*", flags=re.S)


def same_number(shown, printed):
    """Say whether two numbers agree to the digits that are shown."""
    if shown.endswith("%") != printed.endswith("%"):
        return False
    if re.fullmatch(r"[-+]?\d+", shown):
        return shown == printed
    expected, found = Decimal(shown.rstrip("%")), Decimal(printed.rstrip("%"))
    unit = Decimal((0, (1,), expected.as_tuple().exponent))
    return abs(found - expected) <= UNITS_OF_LAST_DIGIT * unit


def same_output(shown, printed):
    found = pattern_of(shown).fullmatch(printed)
    numbers = [p["number"] for p in PIECE.finditer(shown.strip()) if p["number"]]
    return found is not None and all(map(same_number, numbers, found.groups()))


@pytest.mark.parametrize("page", PAGES_WITH_SNIPPETS)
def test_snippets_run_and_print_what_the_page_shows(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    text = text_of(page)
    for snippet in SNIPPET.finditer(text):
        lines_before = text.count("\n", 0, snippet.start("code"))
        code = compile("\n" * lines_before + snippet["code"], page, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, namespace)
        if snippet["output"] is not None:
            shown, line = snippet["output"], lines_before
            assert same_output(shown, printed.getvalue()), (
                f"{page}, line {line}: shown\n{shown}\nprinted\n{printed.getvalue()}"
            )


def apply(diff, root):
    """Apply a diff to a copy of the source; its context must occur exactly once."""
    lines = [(line[:1], line[1:]) for line in diff["lines"].splitlines(keepends=True)]
    old = "".join(text for mark, text in lines if mark != "+")
    new = "".join(text for _, text in lines)
    path = root / diff["path"]
    source = path.read_text(encoding="utf-8")
    assert source.count(old) == 1, f"{diff['path']}:\n{old}"
    path.write_text(source.replace(old, new), encoding="utf-8")


def test_the_changes_shown_on_the_extending_page_work(tmp_path):
    for tree in ("skdnn", "tests"):
        caches = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / tree, tmp_path / tree, ignore=caches)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    diffs = list(DIFF.finditer(text_of("docs/user_guide/extending.md")))
    assert diffs
    for diff in diffs:
        apply(diff, tmp_path)
    tests = [
        "network/test_activations.py",
        "network/test_initializers.py",
        "estimators/test_onnx.py::test_every_activation_has_its_operators",
        "estimators/test_onnx.py::test_activations_at_extreme_values",
    ]
    names = "mish or orthogonal or every_activation or every_initializer"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", names]
        + [f"tests/{test}" for test in tests],
        cwd=tmp_path,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("page", PAGES)
def test_each_block_is_of_a_known_kind(page):
    """A snippet under another name, such as ```py, would never run."""
    kinds = re.findall(r"^ *```+(\S*)", text_of(page), flags=re.M)[::2]
    assert all(
        kind in ("python", "text", "bash", "diff") or re.fullmatch(r"\{[\w-]+\}", kind)
        for kind in kinds
    ), kinds


@pytest.mark.parametrize("page", PAGES)
def test_linked_files_exist(page):
    """The documentation build itself checks the files that it generates."""
    for target in LINK.findall(text_of(page)):
        path = (ROOT / page).parent / target
        if not BUILT & set(path.resolve().relative_to(ROOT).parts):
            assert path.exists(), target


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("12 rows, 0.97", "12 rows, 0.97\n"),
        ("12 rows,\n  0.97", "12   rows, 0.98"),
        ("error 1e-09", "error 2e-09"),
        ("86% zeros", "87% zeros"),
        ("W[1] {'alpha': 10.0} ...", "W[1] {'alpha': 10.1} and the rest\nof it"),
        ("-0.5", "-0.4"),
    ],
)
def test_outputs_that_are_the_same(shown, printed):
    assert same_output(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("12 rows", "13 rows"),
        ("0.97", "1.00"),
        ("0.970", "0.973"),
        ("10.00", "9.98"),
        ("1e-09", "1e-08"),
        ("86%", "89%"),
        ("86%", "86"),
        ("86", "86.1"),
        ("rows 12", "columns 12"),
        ("0.97", "nan"),
        ("0.97", "0.97 and more"),
        ("W[1]", "W[2]"),
        ("", "a line that the page does not show"),
    ],
)
def test_outputs_that_differ(shown, printed):
    assert not same_output(shown, printed)
