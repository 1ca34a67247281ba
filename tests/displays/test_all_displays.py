"""Common tests of all displays."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import skdnn
from skdnn import displays

ROOT = Path(skdnn.__file__).parents[1]


def faults_of(display) -> list[str]:
    """Return where a class deviates from scikit-learn's Display pattern."""
    if not inspect.isclass(display):
        return ["is not a class"]
    faults = []
    stored = [p for p in inspect.signature(display.__init__).parameters if p != "self"]
    source = inspect.getsource(display.__init__)
    faults += [f"{p} is not stored" for p in stored if f"self.{p} = {p}" not in source]
    makers = [name for name in vars(display) if name.startswith("from_")]
    if not makers:
        faults.append("has no from_...")
    for name in makers:
        if not isinstance(inspect.getattr_static(display, name), classmethod):
            faults.append(f"{name} is not a class method")
        ax = inspect.signature(getattr(display, name)).parameters.get("ax")
        if ax is None or ax.default is not None:
            faults.append(f"{name} has no ax=None")
    first, *others = list(inspect.signature(display.plot).parameters.values())[1:]
    if first.name != "ax" or first.default is not None:
        faults.append("the first parameter of plot is not ax=None")
    if any(p.kind is p.POSITIONAL_OR_KEYWORD for p in others):
        faults.append("plot takes more than ax by position")
    return faults


@pytest.mark.parametrize("name", displays.__all__)
def test_display_has_the_pattern(name):
    display = getattr(displays, name)
    assert name.endswith("Display") and display.__name__ == name
    assert faults_of(display) == []
    assert getattr(skdnn, name) is display and name in skdnn.__all__


def test_all_displays_are_exported_and_described():
    modules = Path(displays.__file__).parent.glob("*.py")
    written = "".join(path.read_text(encoding="utf-8") for path in modules)
    for name in displays.__all__:
        assert f"class {name}:" in written
    assert written.count("Display:\n") == len(displays.__all__)
    assert list(displays.__all__) == sorted(displays.__all__)


def test_faults_are_seen():
    class Wrong:
        def __init__(self, *, lines, name=None):
            self.lines = sorted(lines)
            self.name = name

        def from_estimator(self, estimator):
            pass

        def plot(self, style, ax=None):
            pass

    assert faults_of(print) == ["is not a class"]
    assert faults_of(Wrong) == [
        "lines is not stored",
        "from_estimator is not a class method",
        "from_estimator has no ax=None",
        "the first parameter of plot is not ax=None",
        "plot takes more than ax by position",
    ]


def test_import_stays_light():
    heavy = {"matplotlib", "sklearn.inspection"}
    code = f"import sys; import skdnn.displays; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", displays.__all__)
def test_without_matplotlib_the_error_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    display = object.__new__(getattr(displays, name))
    with pytest.raises(ImportError, match=f"{name}.plot requires matplotlib"):
        display.plot()
