"""Each warning code has a section on the troubleshooting page."""

import ast
import re
from pathlib import Path

import pytest

from skdnn.training import stopping

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/user_guide/does_not_learn.md").read_text(encoding="utf-8")
# Position of the code among the arguments of a call.
POSITIONS = {"warn_once_per_search": 2, "InputFinding": 0}


def codes_of_calls():
    """Return the codes that are literals in the source."""
    calls = (
        node
        for path in (ROOT / "skdnn").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    arguments = (
        call.args[POSITIONS[call.func.id]]
        for call in calls
        if call.func.id in POSITIONS and len(call.args) > POSITIONS[call.func.id]
    )
    return {a.value for a in arguments if isinstance(a, ast.Constant)}


def reasons_to_stop():
    return {getattr(stopping, name) for name in vars(stopping) if _is_code(name)}


def _is_code(name):
    return name.isupper() and isinstance(getattr(stopping, name), str)


def test_the_codes_are_found():
    assert {"scale_of_columns", "no_gain", "groups"} <= codes_of_calls()
    assert {"rising", "converged"} <= reasons_to_stop()


@pytest.mark.parametrize("code", sorted(codes_of_calls() | reasons_to_stop()))
def test_each_code_has_a_section_or_is_listed_as_silent(code):
    silent = re.search(r"^Four codes .*?\n\n", PAGE, flags=re.M | re.S)[0]
    assert re.search(rf"^### {code}$", PAGE, flags=re.M) or f"`{code}`" in silent


def test_each_section_is_of_a_code():
    sections = set(re.findall(r"^### (.*)$", PAGE, flags=re.M))
    assert sections <= codes_of_calls() | reasons_to_stop()
