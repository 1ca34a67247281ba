"""Write the performance page from its template and the result files.

In the template ``{{NAME}}`` is a figure, ``{{table:NAME}}`` a table, and
``{{missed:NAME}}`` a sentence about targets. Hand-written pages can show figures, too:
there the same name is in a comment, ``<!-- figure: NAME -->12<!-- end -->``, and the
text between the comments is replaced.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import page_figures
from benchmarks.documents import Documents

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "performance"
TEMPLATE = Path(__file__).with_name("performance_template.md")
PAGE = ROOT / "docs" / "performance.md"

_BUILT = {"_build", "auto_examples", "generated"}
_PLACE = re.compile(r"\{\{([^{}\n]+)\}\}")
_COMMENTED = re.compile(
    r"(<!-- figure: (?P<name>[^>\n]+?) -->)(?P<line>\n?).*?(<!-- end -->)", flags=re.S
)
_FROM = "<!-- Written by `python -m benchmarks page`: edit benchmarks/{}. -->\n\n"


def shown(docs: Documents, name: str) -> str:
    """Return the text that replaces a name."""
    kind, _, of = name.partition(":")
    if kind == "table" and of:
        return page_figures.table(docs, of)
    if kind == "missed" and of:
        return page_figures.missed(docs, of)
    if name not in page_figures.FIGURES:
        raise ValueError(
            f"There is no figure {name!r}; known are {sorted(page_figures.FIGURES)}."
        )
    return page_figures.FIGURES[name](docs)


def performance_page(docs: Documents) -> str:
    """Return the text of the performance page."""
    template = TEMPLATE.read_text(encoding="utf-8")
    text = _PLACE.sub(lambda place: shown(docs, place[1]), template)
    return _FROM.format(TEMPLATE.name) + text


def with_figures(docs: Documents, text: str) -> str:
    """Return the text of a page with the figures in its comments updated."""

    def written(place: re.Match) -> str:
        figure = shown(docs, place["name"])
        if place["line"]:
            figure = f"\n\n{figure}\n\n"  # a table ends at an empty line
        return place[1] + figure + place[4]

    return _COMMENTED.sub(written, text)


def pages(docs: Documents, root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Yield each page that shows figures, and its text with current figures."""
    yield root / PAGE.relative_to(ROOT), performance_page(docs)
    for path in sorted([root / "README.md", *(root / "docs").rglob("*.md")]):
        if _BUILT & set(path.relative_to(root).parts):
            continue
        text = path.read_text(encoding="utf-8")
        if _COMMENTED.search(text):
            yield path, with_figures(docs, text)


def write_pages(folder: Path = RESULTS) -> list[Path]:
    """Write all pages that show figures, and return those that have changed."""
    changed = []
    for path, text in pages(Documents(folder)):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
