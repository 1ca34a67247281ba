"""Packaging: version, type marker, README commands, docstrings."""

import importlib.metadata
import inspect
import re
import tomllib
from pathlib import Path

import pytest

import skdnn
import skdnn.dask

ROOT = Path(__file__).resolve().parents[1]
API_HEADINGS = {
    "network": "Network",
    "estimators": "Network",
    "cross_validated": "Network",
    "preprocessing": "Preparing data",
    "streams": "Preparing data",
    "model_selection": "Preparing data",
    "augmentation": "Augmentation",
    "dask": "On a Dask cluster",
    "diagnosis": "Diagnosis",
    "displays": "Displays",
}
PUBLIC = sorted(name for name in skdnn.__all__ if callable(getattr(skdnn, name, None)))


def sections(docstring):
    """Map the title of each numpydoc section to its text."""
    pieces = re.split(r"^(\w[\w ]*)\n-{3,}$", inspect.cleandoc(docstring), flags=re.M)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def documented_parameters(section):
    """Return the names that a numpydoc Parameters section describes."""
    heads = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: :.*)?$", section, flags=re.M)
    return {name.lstrip("*") for head in heads for name in head.split(", ")}


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_version_is_the_installed_one():
    try:
        installed = importlib.metadata.version("skdnn")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("skdnn is not installed: the tests run from the checkout")
    assert skdnn.__version__ == installed


def test_version_has_a_changelog_entry():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{skdnn.__version__}]" in changelog


def test_citation_is_of_this_version_and_its_authors():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {skdnn.__version__}\n" in citation
    authors = re.findall(r"^  - name: (.+)$", citation, flags=re.M)
    assert authors == [author["name"] for author in pyproject()["project"]["authors"]]


def test_typed_marker_is_present():
    assert (Path(skdnn.__file__).parent / "py.typed").is_file()


def test_oldest_constraints_are_the_floors():
    project = pyproject()["project"]
    required = project["dependencies"] + project["optional-dependencies"]["test"]
    floors = dict(re.sub(r"\[.+\]", "", each).split(">=") for each in required)
    lines = (ROOT / ".github/oldest-constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line[:1] not in ("", "#"))
    assert pins.keys() - floors.keys() == {"pyparsing"}  # a dependency of those
    for name, floor in floors.items():
        assert f"{pins[name]}.".startswith(f"{floor}."), name


def test_readme_marks_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    marked = re.findall(
        r"^<!-- command: (\w+) -->\n```bash\n(.+?)\n```$", readme, flags=re.M | re.S
    )
    assert [name for name, _ in marked] == ["try", "test"]
    assert readme.count("<!-- command:") == 2


def test_all_is_what_can_be_imported():
    assert len(set(skdnn.__all__)) == len(skdnn.__all__)
    for name in skdnn.__all__:
        assert hasattr(skdnn, name), name


def test_public_names_are_in_the_api_page_under_the_heading_of_their_room():
    page = (ROOT / "docs/api.rst").read_text(encoding="utf-8")
    pieces = re.split(r"^(\w[\w ]*)\n-{3,}$", page, flags=re.M)
    listed = {
        name: heading
        for heading, text in zip(pieces[1::2], pieces[2::2], strict=True)
        for name in re.findall(r"^   ([A-Za-z]\w*)$", text, flags=re.M)
    }
    rooms = {name: getattr(skdnn, name).__module__.split(".")[1] for name in PUBLIC}
    rooms |= dict.fromkeys(skdnn.dask.__all__, "dask")
    assert listed == {name: API_HEADINGS[room] for name, room in rooms.items()}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_docstring_has_its_sections(name):
    public = getattr(skdnn, name)
    found = sections(public.__doc__ or "")
    assert "Examples" in found
    described = documented_parameters(
        found.get("Parameters", "") + found.get("Attributes", "")
    )
    is_warning = isinstance(public, type) and issubclass(public, Warning)
    expected = set() if is_warning else set(inspect.signature(public).parameters)
    assert expected <= described, sorted(expected - described)


def test_missing_section_and_parameter_are_seen():
    docstring = """Add.

    Parameters
    ----------
    a, b : int
        Terms.
    *rest
        More: see below.

    Returns
    -------
    int
    """
    found = sections(docstring)
    assert found.keys() == {"Parameters", "Returns"}
    assert documented_parameters(found["Parameters"]) == {"a", "b", "rest"}
