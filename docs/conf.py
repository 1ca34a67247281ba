"""Build with ``python -m sphinx -W --keep-going -b html docs docs/_build/html``."""

import importlib.metadata
import os
import warnings
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import ExtensionError

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
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
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
html_static_path = ["_static"]
html_css_files = ["site.css"]
# Below, in setup: browsers draw MathML themselves, so that no page loads a script from
# elsewhere, and formulas are there without a network.
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False
# "fit()" in the list of what is on a page, where the page is that of the class.
toc_object_entries_show_parents = "hide"

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


def format_warning(message, category, *_):
    """Return a warning of an example without the folders of the machine it ran on."""
    return f"{category.__name__}: {message}\n"


warnings.formatwarning = format_warning

html_theme = "pydata_sphinx_theme"
html_title = "skdnn"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "show_toc_level": 2,
    # The tables of this page are wider than what a list of contents leaves.
    "secondary_sidebar_items": {"**": ["page-toc"], "performance": []},
}
html_search_scorer = str(Path(__file__).with_name("search_scores.js"))
html_show_sourcelink = False
# The theme leaves out the side bar of pages that have no pages below them.
html_sidebars = {"**": ["site_map"]}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True


def skip_what_is_described_elsewhere(app, what, name, obj, skip, options):
    """Leave out what is described elsewhere.

    scikit-learn's own methods are in its documentation, attributes that are no
    properties in the docstring of their class.
    """
    if what == "attribute":
        return True
    module = getattr(obj, "__module__", None) or ""
    generated = name.startswith("set_") and name.endswith("_request")
    return True if generated or module.split(".")[0] == "sklearn" else None


def mathml(node, as_block):
    """Return a formula as browsers draw it, or say which one cannot be read."""
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        where = f"{node.source}, line {node.line}"
        raise ExtensionError(f"{where}: {error} in {node.astext()!r}") from error


def write_formula(translator, node):
    """Write a formula in a line of text."""
    translator.body.append(mathml(node, as_block=False))
    raise nodes.SkipNode


def write_displayed_formula(translator, node):
    """Write a formula that stands by itself."""
    formula = mathml(node, as_block=True)
    # A box that scrolls must be reachable by keyboard.
    translator.body.append(
        f'<div class="displayed-formula" tabindex="0">{formula}</div>'
    )
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer(
        "mathml", (write_formula, None), (write_displayed_formula, None)
    )
    app.connect("autodoc-skip-member", skip_what_is_described_elsewhere)
