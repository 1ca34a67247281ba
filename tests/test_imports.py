"""Imports go one way, as read from the source rather than from loaded modules."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import skdnn

PACKAGE = Path(__file__).resolve().parents[1] / "skdnn"
HAS_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
MAX_LINES = 250  # of code: docstrings, comments and empty lines apart

# What each room may import from; a room that is not listed is an error.
ALONE = {"model_selection", "streams"}
ASIDE = ALONE | {"augmentation", "preprocessing"}
MAY_IMPORT = {
    "network": set(),
    "training": {"network"},
    "augmentation": {"network"},
    "preprocessing": {"streams"},
    "estimators": {"network", "training"} | ASIDE,
    "cross_validated": {"network", "training", "estimators"} | ASIDE,
    "dask": {"network", "training", "estimators"} | ASIDE,
    "diagnosis": {"network", "training", "estimators", "cross_validated"} | ASIDE,
    "displays": {"network", "training", "estimators", "cross_validated", "diagnosis"}
    | ASIDE,
    **{room: set() for room in ALONE},
}
WITHOUT_SKLEARN = {"network", "training"}
# Modules that any room may import; rooms without scikit-learn use those without it.
GROUND = {"_version", "_estimator", "_sklearn", "_callers", "_reports"}
PRIVATE_NAMES_MODULE = "skdnn._sklearn"
DOCUMENTED = {
    "_asdict",
    "_fields",
    "_getframe",
    "_meta",
    "_replace",
}  # public in spite of the underscore


def modules(package):
    """Map the dotted name of each module of the package to its file."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        found[".".join(parts)] = path
    return found


def imports(name, path, known):
    """Return the dotted names that a module imports, at any nesting depth.

    ``from a import b`` counts as ``a.b`` where that is a module, otherwise as ``a``.
    """
    package = name.split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, *base.split(".")]).rstrip(".")
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                is_module = submodule in known or any(
                    other.startswith(f"{submodule}.") for other in known
                )
                found.add(submodule if is_module else base)
    return found


def room_of(name):
    """Return the room of a module; "" for the package itself."""
    return [*name.split("."), ""][1]


def wrong_directions(package):
    """Return imports against the order of the rooms, and rooms that are not listed."""
    known = modules(package)
    wrong = []
    for name, path in known.items():
        room = room_of(name)
        if room in ("", *GROUND):
            continue
        if room not in MAY_IMPORT:
            wrong.append(f"{name}: {room!r} is not a room of the design")
            continue
        for target in sorted(imports(name, path, known)):
            root = target.split(".")[0]
            if root == package.name:
                ground = {"_version", "_reports"} if room in WITHOUT_SKLEARN else GROUND
                if room_of(target) not in MAY_IMPORT[room] | {room} | ground:
                    wrong.append(f"{name} imports {target}")
            elif root == "sklearn" and room in WITHOUT_SKLEARN:
                wrong.append(f"{name} imports {target}")
    return wrong


def cycle(package):
    """Return the modules of one import cycle, or an empty list."""
    known = modules(package)
    graph = {
        name: (imports(name, path, known) & known.keys()) - {name}
        for name, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def lines_of_code(path):
    """Count lines, without docstrings, comments and empty ones."""
    text = path.read_text(encoding="utf-8")
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, HAS_DOCSTRING) and ast.get_docstring(node) is not None:
            documented.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return sum(
        bool(line.strip()) and line.strip()[0] != "#" and number not in documented
        for number, line in enumerate(text.splitlines(), start=1)
    )


def long_files(package, limit=MAX_LINES):
    """Return the files with more lines of code than the limit."""
    return [
        f"{name}: {n_lines} lines"
        for name, path in modules(package).items()
        if (n_lines := lines_of_code(path)) > limit
    ]


def test_imports_go_one_way():
    assert wrong_directions(PACKAGE) == []


def private_imports(package):
    """Return imports of private scikit-learn names, except in the module for them."""
    found = []
    for name, path in modules(package).items():
        if name == PRIVATE_NAMES_MODULE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            parts = node.module.split(".")
            names = [*parts[1:], *(alias.name for alias in node.names)]
            if parts[0] == "sklearn" and any(part.startswith("_") for part in names):
                found.append(f"{name} imports {node.module}")
    return found


def own_names(tree):
    """Yield names that code defines or lists, and attributes set on self or cls."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                yield node.attr
        elif isinstance(node, ast.Tuple):
            yield from (getattr(each, "value", None) for each in node.elts)


def attributes_of_others(tree):
    """Yield attribute names, also by getattr, except those of self and base classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            base = node.value.func if isinstance(node.value, ast.Call) else node.value
            if not (isinstance(base, ast.Name) and base.id in ("self", "cls", "super")):
                yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("getattr", "hasattr", "setattr"):
                yield getattr(node.args[1], "value", None)


def private_attributes(package):
    """Return uses of private attributes that the package does not define itself.

    Rooms without scikit-learn are exempt: they use private parts of Numba.
    """
    trees = {
        name: ast.parse(path.read_text(encoding="utf-8"))
        for name, path in modules(package).items()
    }
    known = DOCUMENTED.union(*map(own_names, trees.values()))
    return [
        f"{name} uses {attribute}"
        for name, tree in trees.items()
        if name != PRIVATE_NAMES_MODULE and room_of(name) not in WITHOUT_SKLEARN
        for attribute in attributes_of_others(tree)
        if str(attribute).startswith("_")
        and not str(attribute).startswith("__")
        and attribute not in known
    ]


def test_private_names_of_scikit_learn_are_used_in_one_file():
    assert private_imports(PACKAGE) == []
    assert private_attributes(PACKAGE) == []


def test_no_import_cycles():
    assert cycle(PACKAGE) == []


def test_no_long_files():
    assert long_files(PACKAGE) == []


def import_without_extras(root):
    """Import skdnn with the optional libraries missing; return the error output.

    Looking for them in sys.modules would not do: scikit-learn itself loads pandas.
    """
    code = (
        "import sys\n"
        "for name in ('matplotlib', 'onnx', 'pandas', 'polars', 'skl2onnx'):\n"
        "    sys.modules[name] = None\n"
        "import skdnn\n"
        "for name in skdnn.__all__:\n"
        "    getattr(skdnn, name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True
    )
    return done.stderr


# Slow imports and the modules that use them: `import skdnn` loads none of them. What
# `sklearn.neural_network` imports, such as scipy.optimize, is loaded anyway.
_LATE = """
import sys
import sklearn.neural_network
before = set(sys.modules)
{code}
print([name for name in {late} if name in sys.modules and name not in before])
"""
_NOT_YET = (
    "numba",
    "llvmlite",
    "matplotlib",
    "onnx",
    "dask",
    "sklearn.ensemble",
    "sklearn.tree",
    "sklearn.compose",
    "skdnn.network.dispatchers",
    "skdnn.network.instructions",
    "skdnn.displays",
    "skdnn.diagnosis",
)


def loaded_late(root, code, late=_NOT_YET):
    """Return which of these modules the code loads in a new process."""
    program = _LATE.format(code=code, late=late)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout.splitlines()[-1])


def test_import_loads_neither_numba_nor_matplotlib():
    code = (
        "import pickle, skdnn\n"
        "from skdnn import Checkpoint, DataScaleWarning, InputStandardizer\n"
        "from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor\n"
        "net = MLPRegularizedClassifier((3,), alpha=2.0)\n"
        "assert repr(pickle.loads(pickle.dumps(net))) == repr(net)"
    )
    assert loaded_late(PACKAGE.parent, code) == []


def test_cross_validated_estimators_load_neither_numba_nor_matplotlib():
    late = [name for name in _NOT_YET if name != "sklearn.compose"]
    code = "from skdnn import MLPRegularizedClassifierCV, MLPRegularizedRegressorCV"
    assert loaded_late(PACKAGE.parent, code, late) == []


def test_a_slow_import_is_seen(write):
    package = write(
        {"__init__": "from skdnn import network", "network/__init__": "import llvmlite"}
    )
    assert loaded_late(package.parent, "import skdnn") == ["llvmlite"]


# Modules that import Numba at the top; the others do so only inside functions.
IMPORT_NUMBA = {"dispatchers", "code_cache", "linking", "instructions"}


def top_level_numba(package):
    """Return other modules that import Numba, or one of those, at the top level."""
    late = {f"skdnn.network.{module}" for module in IMPORT_NUMBA}
    found = []
    for name, path in modules(package).items():
        if name in late:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            if any(
                n.split(".")[0] in ("numba", "llvmlite") or n in late for n in names
            ):
                found.append(name)
    return found


def test_only_four_modules_import_numba_at_the_top():
    assert top_level_numba(PACKAGE) == []


def test_numba_at_the_top_of_a_module_is_seen(write):
    package = write(
        {
            "network/linking": "import numba",
            "network/losses": "from numba import types",
            "network/memory": "from skdnn.network import linking",
            "network/views": "def f():\n    import numba",
        }
    )
    expected = ["skdnn.network.losses", "skdnn.network.memory"]
    assert top_level_numba(package) == expected


def test_all_public_names_are_where_the_package_says():
    """Imports for type checkers, lazy imports and `__all__` agree."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == skdnn._HOME_OF
    assert sorted(told) == sorted(skdnn.__all__)
    assert set(skdnn.__all__) <= set(dir(skdnn))
    with pytest.raises(AttributeError, match="no attribute 'MLPClassifier'"):
        _ = skdnn.MLPClassifier


def test_import_needs_no_extras():
    assert import_without_extras(PACKAGE.parent) == ""


# Negative controls: each check must find its fault.


@pytest.fixture
def write(tmp_path):
    """Write the modules of a small package, return its folder."""

    def write_package(sources):
        package = tmp_path / "skdnn"
        for module, source in sources.items():
            path = package / f"{module}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        return package

    return write_package


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("network/loss", "from skdnn.training import epoch"),
        ("network/loss", "from ..training import epoch"),
        ("network/loss", "from ..training.epoch import run_epoch"),
        ("network/loss", "def f():\n    import skdnn.training.epoch"),
        ("network/loss", "import sklearn"),
        ("network/loss", "import skdnn"),
        ("network/loss", "from .. import MLPRegularizedClassifier"),
        ("training/loop", "from sklearn.utils import shuffle"),
        ("training/loop", "from skdnn.estimators.classifier import Net"),
        ("training/loop", "from skdnn.augmentation import images"),
        ("estimators/classifier", "from skdnn.diagnosis import report"),
        ("diagnosis/report", "from skdnn import displays"),
        ("preprocessing/standardizer", "from skdnn.network import losses"),
        ("model_selection/split", "from ..preprocessing import standardizer"),
        ("utils/drawer", "import math"),
        ("network/layers/dense", "from skdnn.training import epoch"),
        ("network/layers/dense", "from ...training.epoch import run_epoch"),
    ],
)
def test_wrong_direction_is_seen(write, module, source):
    others = {"training/epoch": "", "diagnosis/report": "", "displays/curves": ""}
    package = write(others | {module: source})
    assert len(wrong_directions(package)) == 1


def test_right_direction_is_accepted(write):
    package = write(
        {
            "network/losses": "import numpy as np",
            "network/objective": "from . import losses\nfrom .losses import loss",
            "training/loop": "from skdnn.network import objective",
            "preprocessing/standardizer": "from sklearn.base import BaseEstimator",
            "estimators/net": "from ..training.loop import run\nimport sklearn",
            "diagnosis/report/__init__": "from skdnn.diagnosis.report.page import f",
            "diagnosis/report/page": "from ...estimators import net",
            "displays/curves": "from skdnn.estimators import net",
        }
    )
    assert wrong_directions(package) == []
    assert cycle(package) == []


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("from sklearn.utils import _safe_indexing", private_imports),
        ("from sklearn.base import _fit_context as context", private_imports),
        ("from sklearn.utils._plotting import style", private_imports),
        ("def f(scorer):\n    return scorer._sign", private_attributes),
        ("def f(scorer):\n    return getattr(scorer, '_sign', 1)", private_attributes),
        ("def f(mlp):\n    mlp._label_binarizer = 1", private_attributes),
    ],
)
def test_private_name_is_seen(write, source, seen):
    package = write({"estimators/net": source, "_sklearn": source})
    assert len(seen(package)) == 1


def test_own_private_names_are_accepted(write):
    source = "class A(B):\n    def f(self, other):\n        self._x = self._base()\n"
    package = write({"estimators/net": source + "        return other._x, super()._y"})
    assert private_attributes(package) == private_imports(package) == []


def test_cycle_is_seen(write):
    package = write(
        {
            "network/a": "from skdnn.network import b",
            "network/b": "def f():\n    from .c import g",
            "network/c": "from .a import h",
        }
    )
    assert {"skdnn.network.a", "skdnn.network.b", "skdnn.network.c"} == set(
        cycle(package)
    )


def test_long_file_is_seen(write):
    package = write(
        {"network/a": "x = 1\n" * MAX_LINES, "network/b": "x\n" * (MAX_LINES + 1)}
    )
    assert long_files(package) == [f"skdnn.network.b: {MAX_LINES + 1} lines"]


def test_import_of_an_extra_is_seen(write):
    package = write(
        {"__init__": "from skdnn import displays", "displays": "import matplotlib"}
    )
    assert "import of matplotlib halted" in import_without_extras(package.parent)
