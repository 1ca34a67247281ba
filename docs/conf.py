"""Build with ``python -m sphinx -W --keep-going -b html docs docs/_build/html``."""

import importlib.metadata
import os

project = "skdnn"
author = "skdnn developers"
copyright = "2026, skdnn developers"
release = importlib.metadata.version("skdnn")
version = ".".join(release.split(".")[:2])

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
# Links to the pages of other projects need the network, the rest of the build does not.
if os.environ.get("SKDNN_DOCS_INTERSPHINX") == "1":
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }

exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"[/\\]plot_",
    "ignore_pattern": r"[/\\](?!plot_)[^/\\]*\.py$",
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("skdnn",),
    "backreferences_dir": "generated/backreferences",
    "download_all_examples": False,
    "remove_config_comments": True,
    "write_computation_times": False,
}
html_theme = "pydata_sphinx_theme"
html_title = "skdnn"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "show_toc_level": 2,
}
html_show_sourcelink = False


def skip_inherited_from_sklearn(app, what, name, obj, skip, options):
    """Leave scikit-learn's own methods to its documentation, which they link to."""
    module = getattr(obj, "__module__", None) or ""
    generated = name.startswith("set_") and name.endswith("_request")
    return True if generated or module.split(".")[0] == "sklearn" else None


def setup(app):
    app.connect("autodoc-skip-member", skip_inherited_from_sklearn)
